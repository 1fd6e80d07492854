"""Units: accelerators are billed in whole nodes or racks, and instances must fit into them.

Two models can share a unit where an instance does not fill it; then nothing may plan them apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from planner.checks import Check, at_least
from planner.config.resolved import ResolvedStudy
from planner.config.variants import supply_key
from planner.limits.limit import Coupling, GivesWay, Limit
from planner.operation.operated import Operated
from planner.operation.packing import units_needed


@dataclass(frozen=True)
class BillingUnits(Limit):
    """Whole units of a supply."""

    family: ClassVar[str] = "units"
    keys: ClassVar[frozenset[str]] = frozenset({"supply.unit"})
    gives_way: ClassVar[GivesWay] = "never"
    shared: bool = False
    """Whether an instance can leave room in a unit."""

    @classmethod
    def found_in(cls, study: ResolvedStudy) -> Iterator[Self]:
        sizes = {*study.config.layouts.instance_gpus, *(row.gpus for row in study.profiles)}
        for supply in study.supplies:
            key = f"{supply_key(study, supply.name)}.unit"
            sentence = f"{supply.name} in units of {supply.unit}"
            shared = any(size % supply.unit for size in sizes)
            yield cls(supply.name, key, supply.unit, "accelerators", sentence, shared)

    @property
    def couples(self) -> frozenset[Coupling]:
        return frozenset({"models", "sites"}) if self.shared else frozenset()

    def checks(self, operated: Operated) -> Iterator[Check]:
        sizes: dict[int, int] = {}
        for deployment in operated.allocation.deployments:
            if deployment.supply == self.subject:
                size = deployment.option.gpus
                sizes[size] = sizes.get(size, 0) + deployment.instances + deployment.spares
        held = operated.allocation.units[self.subject]
        needed = units_needed(sizes, round(self.value))
        yield at_least(f"units of {self.subject} hold its instances", held, needed, "units")
