"""Elastic limits: how far limits must give way at least, for any plan at all. Not part of the planning program.

Built on a program whose data leaves the elastic limits out. What goes beyond a limit is measured in shares of it:

    Limit_Excess:  taken/limit − Excess ≤ 1        taken: what counts towards a cap (`caps`)
    objective      min Σ Excess  +  (1 − Throughput)      the last where demand may give way too (data.scaled)
"""

from __future__ import annotations

import pyomo.environ as pyo

from formulations.program.caps import taken
from formulations.program.data import Cap, ProgramData
from formulations.program.linear import weighted


def relax(model: pyo.ConcreteModel, data: ProgramData, caps: tuple[Cap, ...], demand: bool = False) -> None:
    """Let limits, given as caps, give way in a built program, and minimise by how much, all together.

    `demand`: whether the scaled workloads of the data may be served in part.
    """
    named = {cap.name: cap for cap in caps}
    model.ELASTIC = pyo.Set(initialize=list(named), doc="limits that may give way")
    model.Excess = pyo.Var(
        model.ELASTIC, domain=pyo.NonNegativeReals, doc="beyond the limit [shares of the limit]"
    )

    def limit(model: pyo.ConcreteModel, name: str) -> object:
        cap = named[name]
        scale = max(cap.most, 1.0)
        shares = [(amount / scale, variable) for amount, variable in taken(model, data, cap)]
        return weighted([*shares, (-1.0, model.Excess[name])]) <= cap.most / scale

    model.Limit_Excess = pyo.Constraint(
        model.ELASTIC, rule=limit, doc="limit and what goes beyond it [shares of the limit]"
    )
    excess = [(1.0, model.Excess[name]) for name in named]
    if demand:
        model.Throughput.setub(1.0)
        excess.append((-1.0, model.Throughput))
    model.del_component(model.Objective)
    model.Objective = pyo.Objective(
        expr=weighted(excess, constant=1.0 if demand else 0.0),
        sense=pyo.minimize,
        doc="sum of what gives way [shares of the limits]",
    )
