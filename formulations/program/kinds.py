"""Kinds per workload: a hard limit on how many kinds serve one workload (1 = every workload on one kind)."""

from __future__ import annotations

import pyomo.environ as pyo

from formulations.program.data import ProgramData
from formulations.program.linear import weighted


def add(model: pyo.ConcreteModel, data: ProgramData) -> None:
    """Add `Serves[kind, workload]` and  Σ Flow/demand ≤ Serves,  Σ_kind Serves ≤ max_kinds  where a workload asks."""
    limited = {w.name: w.max_kinds for w in data.workloads if w.max_kinds is not None}
    demand = {w.name: w.demand / data.lot[w.name] for w in data.workloads}
    offers: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for workload in limited:
        for offer in data.offers_for(workload):
            offers.setdefault((offer.option.kind, workload), []).append(offer.key)
    model.KIND_CHOICES = pyo.Set(dimen=2, initialize=list(offers), doc="kind, workload with a limit on kinds")
    if not offers:
        return
    model.Serves = pyo.Var(model.KIND_CHOICES, domain=pyo.Binary, doc="the kind serves the workload [1]")
    model.LIMITED = pyo.Set(initialize=list(limited), doc="workloads with a limit on kinds")

    def link(model: pyo.ConcreteModel, kind: str, workload: str) -> object:
        flows = [(1.0 / demand[workload], model.Flow[(*key, workload)]) for key in offers[kind, workload]]
        return weighted([*flows, (-1.0, model.Serves[kind, workload])]) <= 0.0

    def limit(model: pyo.ConcreteModel, workload: str) -> object:
        serves = [(1.0, model.Serves[key]) for key in offers if key[1] == workload]
        return weighted(serves) <= float(limited[workload])

    model.Link_Serves = pyo.Constraint(
        model.KIND_CHOICES, rule=link, doc="flow only where the kind serves [1]"
    )
    model.Limit_Kinds = pyo.Constraint(model.LIMITED, rule=limit, doc="kinds per workload [kinds]")
