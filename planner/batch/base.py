"""Base: the config that scenarios start from, with its fleet written out, as plain data that can be changed."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner.batch.paths import Place, put, value_at
from planner.config.load import load_study, study_from
from planner.config.lookup import Lookup
from planner.config.resolved import ResolvedStudy
from planner.errors import InputError


@dataclass(frozen=True)
class Base:
    """A checked config as plain data; cheap to send to a worker."""

    config: dict[str, Any]
    """What the user wrote, a named fleet written out."""
    full: dict[str, Any]
    """The same with every default and the catalogue's prices, to read present values from."""
    file: str
    folder: Path

    def present(self, place: Place) -> Any:
        """The value in force at a place; None where nothing is asked."""
        return value_at(self.full, place)

    def changed(self, changes: Mapping[Place, Any]) -> dict[str, Any]:
        """A config of its own with new values at some places."""
        config = copy.deepcopy(self.config)
        for place, value in changes.items():
            put(config, place, value)
        return config

    def study(self, changes: Mapping[Place, Any], label: str | None = None) -> ResolvedStudy:
        """The checked study of a scenario; raises `InputError` under `label`."""
        return study_from(self.changed(changes), label or self.file, self.folder)


def base_from(study: ResolvedStudy | str | Path | Mapping[str, Any]) -> Base:
    """Read a config (path, mapping or study) as a base; raises `InputError`."""
    resolved = study if isinstance(study, ResolvedStudy) else load_study(study)
    written = resolved.config
    lookup = Lookup(resolved.file, resolved.folder)
    fleet = lookup.fleet(written.fleet)
    if fleet is None:
        raise InputError(lookup.problems)
    config = written.model_dump(mode="json", exclude_unset=True)
    full = written.model_dump(mode="json")
    config["fleet"] = fleet.model_dump(mode="json", exclude_unset=True)
    full["fleet"] = fleet.model_dump(mode="json")
    for supply, found in zip(full["fleet"]["supply"], resolved.supplies, strict=True):
        if not found.owned:
            supply["price_usd_per_hour"] = found.usd_per_hour
    return Base(config, full, resolved.file, resolved.folder)
