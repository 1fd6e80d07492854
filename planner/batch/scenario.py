"""Scenario: one changed config, and what its changes come to; a batch is a base with its scenarios in order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pydantic import JsonValue

from planner.batch.base import Base
from planner.batch.paths import KeyPath, PathError, Place


@dataclass(frozen=True, slots=True)
class Change:
    """One input of a scenario: a value, or a factor on every value that the path names."""

    path: KeyPath
    value: JsonValue
    factor: bool = False

    @property
    def column(self) -> str:
        """Its column in the scenarios table; a factor on one value is that value."""
        times = self.factor and len(self.path.places) > 1
        return f"{'times' if times else 'set'}.{self.path.text}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row of the batch."""

    number: int
    name: str
    source: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Batch:
    """A base and its scenarios, in the order of the file."""

    name: str
    file: str
    base: Base
    scenarios: tuple[Scenario, ...]
    total: int
    """Scenarios of the file, before `limit`."""

    @cached_property
    def paths(self) -> dict[str, KeyPath]:
        """Key path of every input column, in the order in which they first appear."""
        return {change.column: change.path for s in self.scenarios for change in s.changes}


def places_of(base: Base, scenario: Scenario) -> dict[Place, JsonValue]:
    """New value of every place that a scenario changes; raises `PathError` where a factor finds no number."""
    found: dict[Place, JsonValue] = {}
    for change in scenario.changes:
        for place in change.path.places:
            found[place] = times(base, change, place) if change.factor else change.value
    return found


def times(base: Base, change: Change, place: Place) -> JsonValue:
    """A factor times the base config's value; whole where that is a whole number."""
    present = base.present(place)
    if not isinstance(present, int | float) or isinstance(present, bool):
        raise PathError(
            f"{change.path.text}: has no number in the base config to multiply; write values instead"
        )
    assert isinstance(change.value, int | float)
    product = float(f"{present * change.value:.12g}")
    return round(product) if isinstance(present, int) else product


def shown(value: JsonValue) -> str:
    """A value as text: lists by commas, numbers short."""
    if isinstance(value, list):
        return ", ".join(map(shown, value))
    return f"{value:.12g}" if isinstance(value, float) else str(value)
