"""Elastic limits: how far limits must give way at least, for any plan at all. Not part of the planning program.

Built on a program whose data leaves the elastic limits out. What goes beyond a limit is measured in shares of it:

    Limit_Excess:  taken/limit − Excess ≤ 1        taken: accelerators of a supply, power, cost
    objective      min Σ Excess  +  (1 − Throughput)      the last where demand may give way too (data.scaled)
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pyomo.environ as pyo

from formulations.program import costs, power
from formulations.program.data import ProgramData
from formulations.program.linear import weighted

POWER = "power"
BUDGET = "budget"


@dataclass(frozen=True)
class Elastic:
    """The limits that may give way; a limit that is not named here holds as the data has it."""

    accelerators: dict[str, int] = field(default_factory=dict)
    """Limit of each elastic supply, accelerators."""
    power_kw: float | None = None
    budget_usd_per_hour: float | None = None
    demand: bool = False
    """Whether the scaled workloads of the data may be served in part."""


def relax(model: pyo.ConcreteModel, data: ProgramData, elastic: Elastic) -> None:
    """Let the named limits of a built program give way, and minimise by how much, all together."""
    taken = {
        s.name: ([(float(s.unit), model.Units[s.name])], float(elastic.accelerators[s.name]))
        for s in data.supplies
        if s.name in elastic.accelerators
    }
    if elastic.power_kw is not None:
        drawn = [((s.power_kw or 0.0) * s.unit, model.Units[s.name]) for s in data.supplies]
        taken[POWER] = (drawn, elastic.power_kw)
    if elastic.budget_usd_per_hour is not None:
        spent = [(price * data.money_unit, variable) for price, variable in costs.entries(model, data)]
        taken[BUDGET] = (spent, elastic.budget_usd_per_hour)
    model.ELASTIC = pyo.Set(initialize=list(taken), doc="limits that may give way")
    model.Excess = pyo.Var(
        model.ELASTIC, domain=pyo.NonNegativeReals, doc="beyond the limit [shares of the limit]"
    )

    def limit(model: pyo.ConcreteModel, name: str) -> object:
        terms, most = taken[name]
        scale = max(most, 1.0)
        shares = [(amount / scale, variable) for amount, variable in terms]
        return weighted([*shares, (-1.0, model.Excess[name])]) <= most / scale

    model.Limit_Excess = pyo.Constraint(
        model.ELASTIC, rule=limit, doc="limit and what goes beyond it [shares of the limit]"
    )
    excess = [(1.0, model.Excess[name]) for name in taken]
    if elastic.demand:
        model.Throughput.setub(1.0)
        excess.append((-1.0, model.Throughput))
    model.del_component(model.Objective)
    model.Objective = pyo.Objective(
        expr=weighted(excess, constant=1.0 if elastic.demand else 0.0),
        sense=pyo.minimize,
        doc="sum of what gives way [shares of the limits]",
    )


def drawn_kw(model: pyo.ConcreteModel, data: ProgramData) -> float:
    """Power of the solution in the model [kW]."""
    return float(pyo.value(power.total(model, data)))


def spent_usd_per_hour(model: pyo.ConcreteModel, data: ProgramData) -> float:
    """Cost of the solution in the model [$/h]."""
    return float(pyo.value(costs.total(model, data))) * data.money_unit
