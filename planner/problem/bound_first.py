"""Bound first: the instances of an optimum of under-estimates guide the search for a plan in over-estimates.

The two programs differ by a fraction of a percent of the step time, and instances are whole; so the instances that are
optimal under under-estimates mostly serve the demand under over-estimates too. Then a search among so few instances takes
milliseconds, and its plan costs what the bound says: proven with one full search instead of two (measured on the
quickstart at 24 prices, demands and paces: 24 of 24).
"""

from __future__ import annotations

from dataclasses import dataclass

import pyomo.environ as pyo

from formulations.program.data import ProgramData


@dataclass(frozen=True)
class Guide:
    """Instances of each (kind, supply), and units of each supply, in a solved program."""

    instances: dict[tuple[str, str], int]
    units: dict[str, int]


def guide_from(model: pyo.ConcreteModel, data: ProgramData) -> Guide:
    """Read a solved program; options of one kind are added up."""
    instances: dict[tuple[str, str], int] = {}
    for offer in data.offers:
        key = offer.option.kind, offer.supply.name
        instances[key] = instances.get(key, 0) + round(pyo.value(model.Instances[offer.key]))
    units = {supply.name: round(pyo.value(model.Units[supply.name])) for supply in data.supplies}
    return Guide(instances, units)


def guided(guide: Guide, data: ProgramData) -> ProgramData:
    """The program with the guide's kinds alone (all offers of a workload that they do not serve)."""
    kept = {o.key for o in data.offers if guide.instances.get((o.option.kind, o.supply.name), 0) > 0}
    served = {name for o in data.offers if o.key in kept for name in o.option.workloads}
    kept |= {o.key for o in data.offers if not served.issuperset(o.option.workloads)}
    return data.only(kept)


def hold(guide: Guide, model: pyo.ConcreteModel, data: ProgramData) -> None:
    """Allow a program no more instances and units than the guide has.

    Every solution is one of the whole program; the bound is not.
    """
    for offer in data.offers:
        model.Instances[offer.key].setub(guide.instances.get((offer.option.kind, offer.supply.name), 0))
    for supply in data.supplies:
        model.Units[supply.name].setub(guide.units[supply.name])
