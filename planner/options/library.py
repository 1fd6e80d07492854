"""Library: physics and screened options already found, for every study that asks for the same.

Step times do not depend on prices, limits, demands or pace; screened options do not depend on prices, limits or demands.
What does not matter is listed here and everything else is part of the key, so that a new field of the config makes reuse
rarer, never wrong. What is found is kept for each model on each accelerator: a study that changes one keeps the others.
Kept tables are the very objects that a separate solve would make, so results do not depend on the order of studies.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from fleets.schema.accelerators import Accelerator
from planner.config.fingerprint import fingerprint, without
from planner.config.resolved import ResolvedModel, ResolvedStudy, ResolvedWorkload
from planner.options.kinds import Rejection
from planner.options.option_set import Part
from planner.options.tables import Tables

Value = TypeVar("Value")

NEITHER = {
    "name", "fleet", "question", "workloads", "models", "safety", "power_limit_kw", "carbon_limit_kg_per_hour", "spares",
    "simplicity", "alternatives", "max_kinds_per_workload", "solver", "detail", "profiles",
}  # fmt: skip
"""Keys of the config that step times do not depend on; what of workloads, models and fleet matters enters as resolved."""
NOT_PHYSICS = {"demand", "pace", "max_ttft_s", "max_kinds", "safety", "first_token_safety", "safety_of"}
"""Fields of a resolved workload that step times do not depend on."""
NOT_OPTIONS = {"demand", "max_kinds", "safety", "first_token_safety", "safety_of"}
"""Fields of a resolved workload that screened options do not depend on."""
_LEAST_KEPT = 64
_KEPT_STUDIES = 4
"""Room for so many studies of the largest size seen."""


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
class Library:
    """What is kept, by model and accelerator."""

    tables: Kept[Tables] = field(default_factory=lambda: Kept(_LEAST_KEPT))
    options: Kept[Part] = field(default_factory=lambda: Kept(4 * _LEAST_KEPT))
    dropouts: Kept[list[Rejection]] = field(default_factory=lambda: Kept(_LEAST_KEPT))

    def make_room(self, pairs: int) -> None:
        """Keep several studies of so many models × accelerators."""
        self.tables.most = max(self.tables.most, _KEPT_STUDIES * pairs)
        self.options.most = max(self.options.most, 4 * _KEPT_STUDIES * pairs)
        self.dropouts.most = max(self.dropouts.most, _KEPT_STUDIES * pairs)


def settings_key(study: ResolvedStudy) -> str:
    """The config's settings and assumptions that step times depend on."""
    config = study.config.model_dump(mode="json", exclude=NEITHER)
    return json.dumps([config, fingerprint(study.assumptions)], sort_keys=True)


def pair_key(
    settings: str,
    model: ResolvedModel,
    accelerator: Accelerator,
    workloads: tuple[ResolvedWorkload, ...],
    left_out: set[str],
    *more: Any,
) -> str:
    """What the physics (or, with other fields left out and `more`, the options) of a model on an accelerator rest on."""
    asked = [without(workload, left_out) for workload in workloads]
    return json.dumps([settings, fingerprint(model), fingerprint(accelerator), asked, *more], sort_keys=True)
