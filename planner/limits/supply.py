"""Supply: how many accelerators of a supply can be had.

The limit is the upper bound of `Units`. It ties models together, and a price per accelerator carries that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from formulations.program.data import Cap
from planner.allocation import Allocation
from planner.checks import Check, at_most
from planner.config.resolved import ResolvedStudy
from planner.config.variants import supply_key, with_supply
from planner.limits.capped import CappedLimit
from planner.limits.entries import Entries
from planner.limits.limit import Coupling, Dual
from planner.operation.operated import Operated


@dataclass(frozen=True)
class SupplyLimit(CappedLimit):
    """At most so many accelerators of a supply."""

    family: ClassVar[str] = "supply"
    keys: ClassVar[frozenset[str]] = frozenset({"supply.limit"})
    size: int = 1
    """Accelerators in a billing unit."""

    @classmethod
    def found_in(cls, study: ResolvedStudy) -> Iterator[Self]:
        for supply in study.supplies:
            if supply.limit is not None:
                key = f"{supply_key(study, supply.name)}.limit"
                sentence = f"at most {supply.limit:,} {supply.name}"
                yield cls(supply.name, key, supply.limit, "accelerators", sentence, supply.unit)

    @property
    def couples(self) -> frozenset[Coupling]:
        return frozenset({"models"})

    @property
    def priced(self) -> bool:
        return True

    def cap(self, study: ResolvedStudy) -> Cap:
        return Cap(f"limit of {self.subject}", self.value, {self.subject: float(self.size)})

    @property
    def step(self) -> int:
        return self.size

    def rounded(self, needed: float) -> float:
        return round(needed)

    def enter(self, entries: Entries) -> None:
        entries.most_accelerators[self.subject] = int(self.value)

    def checks(self, operated: Operated) -> Iterator[Check]:
        held = operated.allocation.units[self.subject] * self.size
        yield at_most(f"limit of {self.subject}", held, self.value, "accelerators")

    def dropped(self, study: ResolvedStudy) -> ResolvedStudy:
        return with_supply(study, self.subject, limit=None)

    def stretched(self, study: ResolvedStudy, value: float) -> ResolvedStudy:
        return with_supply(study, self.subject, limit=round(value))

    def instead(self, value: float) -> str:
        more = round(value - self.value)
        return f"{more:,} more {self.subject} ({round(value):,} instead of {round(self.value):,})"

    def binds(self, study: ResolvedStudy, allocation: Allocation) -> str | None:
        held = allocation.units[self.subject] * self.size
        if not held or held + self.size <= self.value:
            return None
        return f"all {held:,} {self.subject} are used ({self.key})"

    def dual(self, lot: float) -> Dual | None:
        return Dual("Units", self.subject, "accelerator", 1.0 / self.size, self.key, True)
