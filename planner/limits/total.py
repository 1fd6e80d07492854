"""Totals: limits on what supplies count under an objective, together; each is the objective, its key and its words.

Limit_Cap[name]:  Σ_supplies worth·size·Units ≤ limit
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from formulations.program.data import Cap
from planner.allocation import Allocation
from planner.checks import Check, at_most
from planner.config.resolved import ResolvedStudy, ResolvedSupply
from planner.limits.capped import CappedLimit
from planner.limits.entries import Entries
from planner.limits.limit import Coupling, Dual
from planner.objectives import OBJECTIVES, Objective
from planner.operation.operated import Operated


def counted_cap(name: str, most: float, objective: Objective, supplies: Iterable[ResolvedSupply]) -> Cap:
    """At most so much of an objective, as the supplies' units count it."""
    return Cap(name, most, {supply.name: objective.per_unit(supply) for supply in supplies})


def kept_within(study: ResolvedStudy, within: Mapping[str, float]) -> list[Cap]:
    """Objectives, by name, that a question keeps within a value beside the config's limits."""
    return [
        counted_cap(f"within {name}", most, OBJECTIVES[name], study.supplies) for name, most in within.items()
    ]


@dataclass(frozen=True)
class TotalLimit(CappedLimit):
    """At most so much of an objective, some supplies together: all, unless it says which."""

    objective: ClassVar[Objective]
    used: ClassVar[str]
    """What happens to it: `drawn`."""
    digits: ClassVar[int] = 1
    what: ClassVar[str] = ""
    """After the limit, where its unit does not say what it is: ` of carbon`."""
    article: ClassVar[str] = ""
    """Before another value of it: `a budget of `."""

    @property
    def couples(self) -> frozenset[Coupling]:
        return frozenset({"models", "sites"})

    def over(self, study: ResolvedStudy) -> tuple[ResolvedSupply, ...]:
        """The supplies that it adds up: all of them."""
        return study.supplies

    @property
    def place(self) -> str:
        """Where it is counted, in words, if not everywhere: ` at east`."""
        return ""

    @property
    def name(self) -> str:
        """What its row and its check are called."""
        return f"{self.family} of {self.subject}" if self.subject else self.family

    def cap(self, study: ResolvedStudy) -> Cap:
        return counted_cap(self.name, self.value, self.objective, self.over(study))

    def enter(self, entries: Entries) -> None:
        entries.caps.append(self.cap(entries.study))

    def checks(self, operated: Operated) -> Iterator[Check]:
        counted = self.objective.total(self.over(operated.study), operated.allocation.units)
        yield at_most(self.name, counted, self.value, self.unit)

    def instead(self, value: float) -> str:
        return (
            f"{self.article}{value:,.10g} {self.unit} instead of {self.value:,.10g} {self.unit}{self.place}"
        )

    def binds(self, study: ResolvedStudy, allocation: Allocation) -> str | None:
        counted = self.objective.total(self.over(study), allocation.units)
        least = min(map(self.objective.per_unit, self.over(study)), default=0.0)
        if counted + least <= self.value:
            return None
        figures = f"{counted:,.{self.digits}f} of {self.value:,.{self.digits}f} {self.unit}"
        return f"{figures} are {self.used}{self.place} ({self.key})"

    def dual(self, lot: float) -> Dual | None:
        return Dual("Limit_Cap", self.name, self.unit.removesuffix("/h"), 1.0 / self.value, self.key, True)


class FleetTotal(TotalLimit):
    """A total of the whole fleet, which is one key of a config."""

    where: ClassVar[str]
    """The key."""

    @classmethod
    @abstractmethod
    def asked(cls, study: ResolvedStudy) -> float | None:
        """The limit that the config sets."""

    @classmethod
    def found_in(cls, study: ResolvedStudy) -> Iterator[Self]:
        most = cls.asked(study)
        if most is not None:
            unit = cls.objective.unit
            yield cls("", cls.where, most, unit, f"at most {most:g} {unit}{cls.what}")
