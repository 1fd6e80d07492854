"""A change of limits that makes a plan possible."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce

from planner.allocation import Allocation
from planner.config.resolved import ResolvedStudy
from planner.limits.limit import Limit

VERIFY_GAP = 0.01
"""Gap of the plan that shows what a relaxation costs."""


@dataclass(frozen=True)
class Change:
    """A change of the config that may make a plan possible; not yet verified."""

    keys: tuple[str, ...]
    sentence: str
    share: float
    """How far it gives way, in shares of what the config says."""
    least: bool
    """Whether anything less was shown not to be enough."""
    apply: Callable[[ResolvedStudy], ResolvedStudy]
    witness: Allocation | None = None
    """A plan for the changed config, where the search for the change found one."""


def stretched(
    limit: Limit, value: float, share: float, least: bool, witness: Allocation | None = None
) -> Change:
    """Another value of one limit."""
    return Change(
        (limit.key,), limit.instead(value), share, least, lambda study: limit.stretched(study, value), witness
    )


def all_of(changes: Iterable[Change]) -> Callable[[ResolvedStudy], ResolvedStudy]:
    """All changes, one after the other."""
    return lambda study: reduce(lambda changed, change: change.apply(changed), changes, study)
