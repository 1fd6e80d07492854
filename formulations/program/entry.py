"""Entry: one kind forced into the plan, or its instances made cheaper; how a kind that is not chosen is asked about.

    Force_Kind:  Σ Instances of the kind ≥ 1
    objective    − discount · Σ Instances of the kind

Not part of the planning program.
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from formulations.program.data import ProgramData
from formulations.program.linear import weighted


def _own(model: pyo.ConcreteModel, data: ProgramData, kind: str) -> list[tuple[float, Any]]:
    return [(1.0, model.Instances[offer.key]) for offer in data.offers if offer.option.kind == kind]


def force(model: pyo.ConcreteModel, data: ProgramData, kind: str) -> None:
    """Ask for at least one instance of the kind."""
    model.Force_Kind = pyo.Constraint(
        expr=weighted(_own(model, data, kind)) >= 1.0, doc="an instance of the kind [instances]"
    )


def discount(model: pyo.ConcreteModel, data: ProgramData, kind: str, usd_per_hour: float) -> None:
    """Take $ per hour off every instance of the kind in a program that minimises cost."""
    off = -usd_per_hour / data.scale("cost")
    cheaper = weighted([(off * count, variable) for count, variable in _own(model, data, kind)])
    model.Objective.expr = model.Objective.expr + cheaper
