"""Content hash of a scenario: everything that its plan depends on, so that a run resumes by what a scenario is.

Names of config and scenario, the solver's threads and where files lie are left out; what the catalogue and referenced
files hold is in, so that a changed price or profile is another scenario.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel

from planner.config.resolved import ResolvedStudy

HASH_LENGTH = 16
_KEPT = 512
_digests: dict[int, tuple[BaseModel, str]] = {}
"""Digests of catalogue entries by identity; the entry is kept so that its identity stays its own."""


def content_hash(study: ResolvedStudy) -> str:
    """16 hexadecimal digits that change with anything that can change the plan."""
    config = study.config.model_dump(
        mode="json", exclude={"name": True, "fleet": True, "solver": {"threads"}}
    )
    resolved = {
        field.name: fingerprint(getattr(study, field.name))
        for field in dataclasses.fields(study)
        if field.name not in ("config", "file", "folder")
    }
    content = {"planner": _planner(), "config": config, "resolved": resolved}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]


@lru_cache(maxsize=1)
def _planner() -> str:
    return version("fleetplan")


def fingerprint(value: Any) -> Any:
    """A value as plain data that JSON can write; schema objects as a digest of what they hold."""
    if isinstance(value, BaseModel):
        return _digest(value)
    if dataclasses.is_dataclass(value):
        return [fingerprint(getattr(value, field.name)) for field in dataclasses.fields(value)]
    if isinstance(value, list | tuple):
        return [fingerprint(entry) for entry in value]
    if isinstance(value, dict):
        return {str(key): fingerprint(entry) for key, entry in value.items()}
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"a study holds a {type(value).__name__}, which has no content hash")


def _digest(entry: BaseModel) -> str:
    known = _digests.get(id(entry))
    if known is not None:
        return known[1]
    digest = hashlib.sha256(entry.model_dump_json().encode()).hexdigest()
    if len(_digests) >= _KEPT:
        _digests.clear()
    _digests[id(entry)] = entry, digest
    return digest
