"""Caps: limits on a sum over the whole fleet, such as its power, its cost or its instances.

Limit_Cap[name]:  Σ per_unit·Units + Σ per_instance·(Instances + Spares) ≤ most        as shares of `most`
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from formulations.program.data import Cap, ProgramData
from formulations.program.linear import weighted


def taken(model: pyo.ConcreteModel, data: ProgramData, cap: Cap) -> list[tuple[float, Any]]:
    """(coefficient, variable) of what counts towards a cap, in the cap's own unit."""
    units = [(each, model.Units[supply]) for supply, each in cap.per_unit.items()]
    instances = [
        (cap.per_instance.get(offer.supply.name, 0.0), model.Instances[offer.key]) for offer in data.offers
    ]
    spares = [(cap.per_instance.get(key[1], 0.0), model.Spares[key]) for key in model.SPARED]
    return [*units, *instances, *spares]


def add(model: pyo.ConcreteModel, data: ProgramData) -> None:
    """Add a row for every cap, scaled to 1."""
    caps = {cap.name: cap for cap in data.caps}
    model.CAPS = pyo.Set(initialize=list(caps), doc="limits on a sum over the fleet")

    def limit(model: pyo.ConcreteModel, name: str) -> object:
        cap = caps[name]
        terms = [(amount / cap.most, variable) for amount, variable in taken(model, data, cap)]
        row = weighted(terms)
        return row <= 1.0 if row.linear_vars else pyo.Constraint.Skip

    model.Limit_Cap = pyo.Constraint(model.CAPS, rule=limit, doc="what is taken of a cap [shares of the cap]")
