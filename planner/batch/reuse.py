"""Reuse: physics and screened options that scenarios share are evaluated once in each worker.

Step times do not depend on prices, limits, demands or pace; screened options do not depend on prices, limits or demands.
What does not matter is listed here and everything else is part of the key, so that a new field of the config makes reuse
rarer, never wrong. Reused tables are the very objects that a separate solve would make: results do not depend on the
order of scenarios or on which worker solves them.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from planner.batch.content import fingerprint
from planner.config.resolved import ResolvedStudy, ResolvedSupply, ResolvedWorkload
from planner.options.build import OptionSet, OptionSource
from planner.options.dropouts import dropouts
from planner.options.kinds import Rejection
from planner.options.performance import Performance
from planner.options.pieces import Estimate

Value = TypeVar("Value")

NEITHER = {
    "name", "fleet", "question", "workloads", "safety", "power_limit_kw", "spares", "simplicity", "alternatives",
    "max_kinds_per_workload", "solver",
}  # fmt: skip
"""Keys of the config that step times do not depend on; workloads and fleet enter as resolved, below."""
NOT_PHYSICS = {"demand", "pace", "max_ttft_s", "max_kinds", "safety"}
"""Fields of a resolved workload that step times do not depend on."""
NOT_SUPPLY = {"usd_per_hour", "price_source", "limit", "owned", "power_kw"}
"""Fields of a resolved supply that neither depends on; units decide which sizes may stand for others."""
NOT_OPTIONS = {"demand", "max_kinds", "safety"}
"""Fields of a resolved workload that screened options do not depend on."""


class Kept(OrderedDict[str, Value]):
    """The most recently used values by key; making one forgets the oldest beyond `most`."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most, self.hits, self.misses = most, 0, 0

    def get_or(self, key: str, make: Callable[[], Value]) -> Value:
        """The kept value, or a new one."""
        if key in self:
            self.hits += 1
            self.move_to_end(key)
            return self[key]
        self.misses += 1
        value = self[key] = make()
        if len(self) > self.most:
            self.popitem(last=False)
        return value


@dataclass
class Shared:
    """What a worker keeps between scenarios."""

    physics: Kept[OptionSource] = field(default_factory=lambda: Kept(16))
    options: Kept[OptionSet] = field(default_factory=lambda: Kept(64))
    dropouts: Kept[tuple[Rejection, ...]] = field(default_factory=lambda: Kept(64))

    def source(self, study: ResolvedStudy, screening: bool = True) -> OptionSource:
        """Options of a study, from kept tables where its physics is known."""
        key = json.dumps([_about(study, NOT_PHYSICS), screening], sort_keys=True)
        known = self.physics.get_or(key, lambda: OptionSource(study, screening))
        tables = {
            pair: [_asked_by(study, performance) for performance in group]
            for pair, group in known.tables.items()
        }
        return SharedSource(
            study, screening, tables=tables, refused_layouts=list(known.refused_layouts), shared=self
        )


@dataclass
class SharedSource(OptionSource):
    """An option source that looks its options up before it makes them."""

    shared: Shared = field(default_factory=Shared)

    def options(self, estimate: Estimate = "over", refinement: int = 0) -> OptionSet:
        """Options as `OptionSource` has them, kept for scenarios that differ in prices, limits or demands."""
        key = f"{self._key} {estimate} {refinement}"
        make = super().options
        return replace(self.shared.options.get_or(key, lambda: make(estimate, refinement)), source=self)

    @cached_property
    def dropouts(self) -> tuple[Rejection, ...]:
        """Kinds that do not fit or are too slow, kept likewise."""
        tables = [performance for group in self.tables.values() for performance in group]
        return self.shared.dropouts.get_or(self._key, lambda: tuple(dropouts(tables, self.study.assumptions)))

    @cached_property
    def _key(self) -> str:
        settings = [self.screening, sorted(self.forbidden)]
        return json.dumps([_about(self.study, NOT_OPTIONS), settings], sort_keys=True)


def _about(study: ResolvedStudy, left_out: set[str]) -> dict[str, Any]:
    """What physics, or options, depend on: everything but what is known not to matter."""
    return {
        "config": study.config.model_dump(mode="json", exclude=NEITHER),
        "supplies": [_without(supply, NOT_SUPPLY) for supply in study.supplies],
        "models": fingerprint(study.models),
        "assumptions": fingerprint(study.assumptions),
        "profiles": fingerprint(study.profiles),
        "workloads": [_without(workload, left_out) for workload in study.workloads],
    }


def _without(entry: ResolvedWorkload | ResolvedSupply, left_out: set[str]) -> dict[str, Any]:
    return {name: fingerprint(value) for name, value in vars(entry).items() if name not in left_out}


def _asked_by(study: ResolvedStudy, performance: Performance) -> Performance:
    """The same table for the workloads as this study asks for them."""
    names: list[ResolvedWorkload] = [study.workload(workload.name) for workload in performance.workloads]
    return replace(performance, workloads=tuple(names))
