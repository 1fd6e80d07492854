"""Fingerprints: what a study holds as plain data that JSON can write, so that equal things are known to be equal."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

from pydantic import BaseModel

_KEPT = 4096
_digests: dict[int, tuple[BaseModel, str]] = {}
"""Digests of catalogue entries by identity; the entry is kept so that its identity stays its own."""


def fingerprint(value: Any) -> Any:
    """A value as plain data that JSON can write; schema objects as a digest of what they hold."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, BaseModel):
        return _digest(value)
    if dataclasses.is_dataclass(value):
        return [fingerprint(getattr(value, field.name)) for field in dataclasses.fields(value)]
    if isinstance(value, list | tuple):
        return [fingerprint(entry) for entry in value]
    if isinstance(value, dict):
        return {str(key): fingerprint(entry) for key, entry in value.items()}
    raise TypeError(f"a study holds a {type(value).__name__}, which has no fingerprint")


def without(entry: object, left_out: set[str]) -> dict[str, Any]:
    """The fingerprint of a dataclass by field, some fields left out."""
    return {name: fingerprint(value) for name, value in vars(entry).items() if name not in left_out}


def _digest(entry: BaseModel) -> str:
    known = _digests.get(id(entry))
    if known is not None:
        return known[1]
    digest = hashlib.sha256(entry.model_dump_json().encode()).hexdigest()
    if len(_digests) >= _KEPT:
        _digests.clear()
    _digests[id(entry)] = entry, digest
    return digest
