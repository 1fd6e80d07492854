"""Deployments: a kind in a supply, whichever options of it run there; whether it is used at all.

    Limit_Used:  Σ Instances of the kind's options here ≤ most·Used          most: all demand served here, or the limit

Built only where something needs it (a number of spares, fewer kinds); a continuous program needs no binary.
"""

from __future__ import annotations

import pyomo.environ as pyo

from formulations.program.data import Offer, ProgramData
from formulations.program.linear import weighted

Deployment = tuple[str, str]


def deployments(data: ProgramData) -> dict[Deployment, list[Offer]]:
    """Offers of each (kind, supply)."""
    found: dict[Deployment, list[Offer]] = {}
    for offer in data.offers:
        found.setdefault((offer.option.kind, offer.supply.name), []).append(offer)
    return found


def add_used(model: pyo.ConcreteModel, data: ProgramData) -> None:
    """Add `Used[kind, supply]`, 1 where the deployment has instances; once, however many concerns ask."""
    if hasattr(model, "Used"):
        return
    offers = deployments(data)
    model.DEPLOYMENTS = pyo.Set(dimen=2, initialize=list(offers), doc="kind, supply")
    model.Used = pyo.Var(model.DEPLOYMENTS, domain=pyo.Binary, doc="the kind has instances here [1]")

    def limit(model: pyo.ConcreteModel, kind: str, supply: str) -> object:
        here = offers[kind, supply]
        most = max(1.0, sum(offer.most_instances for offer in here))
        if most == float("inf"):
            raise ValueError(
                f"{kind} in {supply} has no largest number of instances; give the supply a limit"
            )
        instances = [(1.0 / most, model.Instances[offer.key]) for offer in here]
        return weighted([*instances, (-1.0, model.Used[kind, supply])]) <= 0.0

    model.Limit_Used = pyo.Constraint(model.DEPLOYMENTS, rule=limit, doc="instances only where used [1]")
