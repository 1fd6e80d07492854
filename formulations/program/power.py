"""Power: what the bought accelerators draw, and a limit on it."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from formulations.program.data import ProgramData
from formulations.program.linear import weighted


def entries(model: pyo.ConcreteModel, data: ProgramData) -> list[tuple[float, Any]]:
    """(kW, variable) of every supply: what a unit draws, and how many."""
    return [((s.power_kw or 0.0) * s.unit, model.Units[s.name]) for s in data.supplies]


def total(model: pyo.ConcreteModel, data: ProgramData) -> object:
    """Power of all units [kW]."""
    return weighted(entries(model, data))


def add(model: pyo.ConcreteModel, data: ProgramData) -> None:
    """Add the power limit, scaled to 1, where there is one."""
    if data.power_limit_kw is None:
        return
    limit = data.power_limit_kw
    drawn = [(kilowatts / limit, units) for kilowatts, units in entries(model, data)]
    model.Limit_Power = pyo.Constraint(
        expr=weighted(drawn) <= 1.0, doc="power within the limit [share of it]"
    )
