"""Kinds per workload: a hard limit on how many kinds serve one workload (1 = every workload on one kind).

Link_Serves:        Σ SequenceRate of the kind's offers ≤ most·Serves    most: all demand, or what the kind can ever
serve
Limit_Kinds:        Σ Serves (aggregated, decode) ≤ max_kinds
Limit_Prompt_Kinds: Σ Serves (prefill) ≤ max_kinds, since prompts are processed beside decode, not instead of it
"""

from __future__ import annotations

from collections.abc import Callable

import pyomo.environ as pyo

from formulations.program.data import ProgramData
from formulations.program.linear import weighted


def add(model: pyo.ConcreteModel, data: ProgramData) -> None:
    """Add `Serves[kind, workload]` and its limits for the workloads that ask for one."""
    limited = {w.name: w.max_kinds for w in data.workloads if w.max_kinds is not None}
    offers: dict[tuple[str, str], list[tuple[str, str]]] = {}
    most: dict[tuple[str, str], float] = {}
    prompts: set[tuple[str, str]] = set()
    for workload in limited:
        for offer in data.offers_for(workload):
            choice = offer.option.kind, workload
            offers.setdefault(choice, []).append(offer.key)
            rate = float(offer.most_lots[offer.row_of_workload(workload)])
            most[choice] = most.get(choice, 0.0) + rate if workload in data.scaled else rate
            if offer.option.role == "prefill":
                prompts.add(choice)
    if float("inf") in most.values():
        raise ValueError(
            "a limit on kinds needs a limit, budget or power limit for the workload that is scaled"
        )
    model.KIND_CHOICES = pyo.Set(dimen=2, initialize=list(offers), doc="kind, workload with a limit on kinds")
    if not offers:
        return
    model.Serves = pyo.Var(model.KIND_CHOICES, domain=pyo.Binary, doc="the kind serves the workload [1]")
    model.LIMITED = pyo.Set(initialize=list(limited), doc="workloads with a limit on kinds")

    def link(model: pyo.ConcreteModel, kind: str, workload: str) -> object:
        choice = kind, workload
        rates = [(1.0 / most[choice], model.SequenceRate[(*key, workload)]) for key in offers[choice]]
        return weighted([*rates, (-1.0, model.Serves[choice])]) <= 0.0

    def at_most(of_prompts: bool) -> Callable[..., object]:
        def limit(model: pyo.ConcreteModel, workload: str) -> object:
            chosen = [key for key in offers if key[1] == workload and (key in prompts) == of_prompts]
            if len(chosen) <= limited[workload]:
                return pyo.Constraint.Skip
            return weighted([(1.0, model.Serves[key]) for key in chosen]) <= float(limited[workload])

        return limit

    model.Link_Serves = pyo.Constraint(
        model.KIND_CHOICES, rule=link, doc="rate only where the kind serves [1]"
    )
    model.Limit_Kinds = pyo.Constraint(model.LIMITED, rule=at_most(False), doc="kinds per workload [kinds]")
    if prompts:
        model.Limit_Prompt_Kinds = pyo.Constraint(
            model.LIMITED, rule=at_most(True), doc="kinds that process a workload's prompts [kinds]"
        )
