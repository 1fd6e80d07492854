"""Objectives: what units count, or what is served; one function for all that is counted in supplies.

The objective itself and the limit that keeps it (`simplicity`) read the same terms.
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from formulations.program.data import ProgramData
from formulations.program.linear import weighted

THROUGHPUT = "throughput"
SIMPLEST = "simplest"
_OPTION, _FEEDING, _KEPT, _SIZE = 0.1, 0.05, 0.04, 1e-3
"""Weights beside 1 for a deployment: an option, a workload served on one, the objective that is kept, all instances."""


def terms(model: pyo.ConcreteModel, data: ProgramData, objective: str) -> list[tuple[float, Any]]:
    """(coefficient, variable) of an objective, in units of `data.scale`."""
    if objective == THROUGHPUT:
        return [(1.0, model.Throughput)]
    scale = data.scale(objective)
    return [(supply.per_unit(objective) / scale, model.Units[supply.name]) for supply in data.supplies]


def sense_of(objective: str) -> int:
    """What is served is maximised, all else minimised."""
    return int(pyo.maximize if objective == THROUGHPUT else pyo.minimize)


def objective(model: pyo.ConcreteModel, data: ProgramData, name: str) -> pyo.Objective:
    """The objective of that name: what supplies count, the throughput, or the simplest of what is granted."""
    if name == SIMPLEST:
        return _simplest(model, data)
    return pyo.Objective(
        expr=weighted(terms(model, data, name)), sense=sense_of(name), doc=f"{name} [units of its scale]"
    )


def _simplest(model: pyo.ConcreteModel, data: ProgramData) -> pyo.Objective:
    """Fewest deployments, then options, then slivers of workloads, then the best of what is kept [deployments].

    Needs `granted`; of two plans as simple as each other the better one is taken: no more is given up than needed.
    """
    assert data.granted is not None
    scale = _KEPT / data.granted.value if data.granted.value > 0 else 0.0
    sign = scale if sense_of(data.granted.objective) == pyo.minimize else -scale
    kept = [(sign * c, v) for c, v in terms(model, data, data.granted.objective)]
    used = [(1.0, model.Used[key]) for key in model.DEPLOYMENTS]
    running = [(_OPTION, model.Running[key]) for key in model.OFFERS]
    feeding = [(_FEEDING, model.Feeding[key]) for key in model.SERVICES]
    size = [
        (_SIZE * offer.option.gpus / _all_gpus(data), model.Instances[offer.key]) for offer in data.offers
    ]
    return pyo.Objective(
        expr=weighted([*used, *running, *feeding, *kept, *size]),
        sense=pyo.minimize,
        doc="deployments, options and workloads on them [deployments]",
    )


def _all_gpus(data: ProgramData) -> float:
    """Accelerators if every offer ran as many instances as it ever would: what makes sizes shares."""
    return sum(offer.option.gpus * max(1.0, offer.most_instances) for offer in data.offers)
