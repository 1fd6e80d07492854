"""Limit: what every limit says of itself, so that nothing else keeps a list of limits.

A limit is found in a study, enters the program, is checked in a plan, couples some parts of the study with others, and
may be dropped or stretched where there is no plan. Decomposition and screening ask what it couples (`coupling`),
explanations how it gives way, sensitivities what its dual means.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from planner.allocation import Allocation
from planner.checks import Check
from planner.config.resolved import ResolvedStudy
from planner.limits.entries import Entries
from planner.operation.operated import Operated

Coupling = Literal["models", "sites", "kinds", "instances", "periods"]
"""What a limit ties together: models (they share it), sites of one accelerator (they are not interchangeable under it),
kinds (it counts them), instances (it counts them whatever their size), periods."""
GivesWay = Literal["elastic", "later", "counted", "scaled", "whole", "never"]
"""How the least change is found: by the elastic program; by bisection on a time in ms; counted up; by the throughput
program; only by dropping it; it is no wish of the user's."""


@dataclass(frozen=True)
class Dual:
    """What the dual of a limit's row in the linear relaxation means."""

    component: str
    """The constraint of the program, or the variable whose reduced cost it is."""
    index: str
    """Which of them; it is what the price is of: `power`, `h100-sxm`."""
    per: str
    """The amount that it is stated for."""
    factor: float
    """Objective per that amount, for a dual of 1 in the objective's scale."""
    key: str
    only_saves: bool
    """Whether more of it can only make the plan cheaper."""


@dataclass(frozen=True)
class Limit(ABC):
    """One limit of a study, in the user's words."""

    subject: str
    """Supply or workload that it belongs to; empty for the whole study."""
    key: str
    """Where it stands in the config."""
    value: float
    unit: str
    sentence: str
    """`at most 16 h100-sxm`, as plans and explanations say it."""

    family: ClassVar[str]
    keys: ClassVar[frozenset[str]]
    """What of a study it speaks for: `supply.limit` (see `coupling.UNCOUPLED` for what no limit speaks for)."""
    gives_way: ClassVar[GivesWay]
    serves: ClassVar[bool] = False
    """Whether it says how well a workload is served (or how much), not what it may take."""

    @property
    @abstractmethod
    def couples(self) -> frozenset[Coupling]:
        """What it ties together; nothing is taken for granted."""

    @property
    def priced(self) -> bool:
        """Whether a price per accelerator carries its coupling of models (`problem.decomposition`)."""
        return False

    @classmethod
    @abstractmethod
    def found_in(cls, study: ResolvedStudy) -> Iterator[Self]:
        """The limits of this family in a study."""

    def enter(self, entries: Entries) -> None:  # noqa: B027  (a limit of service enters through the options)
        """Enter the program."""

    def checks(self, operated: Operated) -> Iterator[Check]:
        """Whether a plan keeps it, from the plan's own numbers."""
        yield from ()

    def dropped(self, study: ResolvedStudy) -> ResolvedStudy:
        """The study without it."""
        raise TypeError(f"{self.family} cannot be dropped")

    def stretched(self, study: ResolvedStudy, value: float) -> ResolvedStudy:
        """The study with another value of it."""
        raise TypeError(f"{self.family} cannot be stretched")

    def instead(self, value: float) -> str:
        """What another value would be, in the user's words."""
        raise TypeError(f"{self.family} cannot be stretched")

    def binds(self, study: ResolvedStudy, allocation: Allocation) -> str | None:
        """How it is used up by a plan; None where not even the smallest unit more would break it."""
        return None

    def dual(self, lot: float) -> Dual | None:
        """The meaning of its dual; `lot` is tokens per second in one unit of a workload's rate."""
        return None

    def __str__(self) -> str:
        return f"{self.sentence} ({self.key})"


class TimeLimit(Limit):
    """A limit on a time in milliseconds that a user waits; it gives way by getting longer."""

    gives_way: ClassVar[GivesWay] = "later"
    serves: ClassVar[bool] = True

    @property
    @abstractmethod
    def milliseconds(self) -> float:
        """The time as the config asks for it."""
