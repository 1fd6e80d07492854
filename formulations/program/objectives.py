"""Objectives: one function each. Adding one is a function and a line in `OBJECTIVES`."""

from __future__ import annotations

from collections.abc import Callable

import pyomo.environ as pyo

from formulations.program import objective_terms
from formulations.program.data import ProgramData
from formulations.program.linear import weighted

_OPTION, _FEEDING, _KEPT, _SIZE = 0.1, 0.05, 0.04, 1e-3
"""Weights beside 1 for a deployment: an option, a workload served on one, the objective that is kept, all instances."""


def cost(model: pyo.ConcreteModel, data: ProgramData) -> pyo.Objective:
    """Cheapest fleet [money units per hour]."""
    expression = weighted(objective_terms.cost(model, data))
    return pyo.Objective(expr=expression, sense=pyo.minimize, doc="cost [money units per hour]")


def gpus(model: pyo.ConcreteModel, data: ProgramData) -> pyo.Objective:
    """Fewest accelerators, whole units counted [GPUs]."""
    expression = weighted(objective_terms.gpus(model, data))
    return pyo.Objective(expr=expression, sense=pyo.minimize, doc="accelerators [GPUs]")


def least_power(model: pyo.ConcreteModel, data: ProgramData) -> pyo.Objective:
    """Least power [kW]."""
    return pyo.Objective(
        expr=weighted(objective_terms.draw(model, data)), sense=pyo.minimize, doc="power [kW]"
    )


def throughput(model: pyo.ConcreteModel, data: ProgramData) -> pyo.Objective:
    """Most of the scaled workloads' demand [multiples of it, or lots where none was given]."""
    return pyo.Objective(expr=model.Throughput, sense=pyo.maximize, doc="throughput [multiples of demand]")


def simplest(model: pyo.ConcreteModel, data: ProgramData) -> pyo.Objective:
    """Fewest deployments, then options, then slivers of workloads, then the best of what is kept [deployments].

    Needs `granted`; of two plans as simple as each other the better one is taken: no more is given up than needed.
    """
    assert data.granted is not None
    sense, terms = objective_terms.TERMS[data.granted.objective]
    scale = _KEPT / data.granted.value if data.granted.value > 0 else 0.0
    kept = [((scale if sense == pyo.minimize else -scale) * c, v) for c, v in terms(model, data)]
    used = [(1.0, model.Used[key]) for key in model.DEPLOYMENTS]
    running = [(_OPTION, model.Running[key]) for key in model.OFFERS]
    feeding = [(_FEEDING, model.Feeding[key]) for key in model.FLOWS]
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


OBJECTIVES: dict[str, Callable[[pyo.ConcreteModel, ProgramData], pyo.Objective]] = {
    "cost": cost,
    "gpus": gpus,
    "power": least_power,
    "throughput": throughput,
    "simplest": simplest,
}
