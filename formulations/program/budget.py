"""Budget: the whole ledger within a number of dollars per hour."""

from __future__ import annotations

import pyomo.environ as pyo

from formulations.program.costs import entries
from formulations.program.data import ProgramData
from formulations.program.linear import weighted


def add(model: pyo.ConcreteModel, data: ProgramData) -> None:
    """Add the budget, scaled to 1, where there is one."""
    if data.budget_usd_per_hour is None:
        return
    scale = data.money_unit / data.budget_usd_per_hour
    spent = [(price * scale, variable) for price, variable in entries(model, data)]
    model.Limit_Budget = pyo.Constraint(
        expr=weighted(spent) <= 1.0, doc="cost within the budget [share of it]"
    )
