"""The cost ledger: everything that costs money is entered once, by supply; objective, budget and report read it."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from formulations.program.data import ProgramData
from formulations.program.linear import weighted


def entries(model: pyo.ConcreteModel, data: ProgramData) -> list[tuple[float, Any]]:
    """(money units per hour, variable) of every entry: the price of a unit of each supply, and how many."""
    return [(s.usd_per_hour * s.unit / data.money_unit, model.Units[s.name]) for s in data.supplies]


def add(model: pyo.ConcreteModel, data: ProgramData) -> None:
    """Enter what each supply costs."""
    entry = dict(zip((s.name for s in data.supplies), entries(model, data), strict=True))
    model.CostLedger = pyo.Expression(
        model.SUPPLIES,
        rule=lambda _, supply: weighted([entry[supply]]),
        doc="cost of a supply [money units per hour]",
    )


def total(model: pyo.ConcreteModel, data: ProgramData) -> object:
    """Sum of the ledger [money units per hour]."""
    return weighted(entries(model, data))
