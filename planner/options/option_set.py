"""Option sets: what enumeration leaves, for one model on one accelerator and for a whole study."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from formulations.options import Option
from planner.options.kinds import Rejection
from planner.options.measured import MeasuredKind
from planner.options.performance import Performance


@dataclass(frozen=True)
class Part:
    """Options of one model on one accelerator under one estimate."""

    options: tuple[Option, ...]
    performances: dict[str, tuple[Performance, int]]
    """Table and row of every kind in use, for exact physics afterwards."""
    raw_count: int
    exact: bool


@dataclass(frozen=True)
class OptionSet:
    """All options of a study under one estimate."""

    options: tuple[Option, ...]
    performances: dict[str, tuple[Performance, int]]
    """Table and row of every kind, for exact physics afterwards."""
    raw_count: int
    """Options before screening."""
    exact: bool
    """Whether over- and under-estimates are the same options."""
    measured: dict[str, MeasuredKind] = field(default_factory=dict)
    """The rows behind every measured kind."""
    complete: bool = True
    """Whether all are here; where time ended the search, no plan of these says anything of the best one."""
    left_out: Callable[[], tuple[Rejection, ...]] = tuple
    """What was left out; found only when somebody wants to know."""

    @property
    def rejections(self) -> tuple[Rejection, ...]:
        """What was left out, with what it needed and had."""
        return self.left_out()
