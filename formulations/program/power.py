"""Power: what the bought accelerators draw, and a limit on it."""

from __future__ import annotations

import pyomo.environ as pyo

from formulations.program.data import ProgramData
from formulations.program.linear import weighted


def total(model: pyo.ConcreteModel, data: ProgramData) -> object:
    """Power of all units [kW]."""
    return weighted([((s.power_kw or 0.0) * s.unit, model.Units[s.name]) for s in data.supplies])


def add(model: pyo.ConcreteModel, data: ProgramData) -> None:
    """Add the power limit, scaled to 1, where there is one."""
    if data.power_limit_kw is None:
        return
    limit = data.power_limit_kw
    drawn = [((s.power_kw or 0.0) * s.unit / limit, model.Units[s.name]) for s in data.supplies]
    model.Limit_Power = pyo.Constraint(
        expr=weighted(drawn) <= 1.0, doc="power within the limit [share of it]"
    )
