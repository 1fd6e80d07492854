"""Bound first: the instances of an optimum of under-estimates guide the search for a plan in over-estimates.

The two programs differ by a fraction of a percent of the step time, and instances are whole; so the instances that are
optimal under under-estimates mostly serve the demand under over-estimates too. Then a search among so few instances takes
milliseconds, and its plan costs what the bound says: proven with one full search instead of two (measured on the
quickstart at 24 prices, demands and paces: 24 of 24).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def held_to(guide: Guide, model: pyo.ConcreteModel, data: ProgramData) -> Iterator[None]:
    """Allow a program no more instances and units than the guide has; its bounds come back afterwards.

    Every solution found meanwhile is one of the whole program; its bound is not.
    """
    kept = []
    for offer in data.offers:
        most = guide.instances.get((offer.option.kind, offer.supply.name), 0)
        kept.append((model.Instances[offer.key], most))
    kept += [(model.Units[supply.name], guide.units[supply.name]) for supply in data.supplies]
    before = [variable.upper for variable, _ in kept]
    try:
        for variable, most in kept:
            variable.setub(most)
        yield
    finally:
        for (variable, _), upper in zip(kept, before, strict=True):
            variable.setub(upper)
