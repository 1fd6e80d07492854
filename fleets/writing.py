"""Catalogue entries back to YAML as a person would write it: in the order of the schema, no defaults."""

from __future__ import annotations

from typing import Any

import yaml

from fleets.schema.base import FrozenModel

_WIDTH = 118
_IN_LINES = ("layers", "blocks", "draft_head")
"""Keys whose entries take a line each."""


def to_yaml(entry: FrozenModel) -> str:
    """YAML text of an entry that loads back to an equal one; keys at their default value are left out."""
    data = _plain(entry.model_dump(mode="json", exclude_defaults=True))
    blocks = []
    for key, value in data.items():
        nested = isinstance(value, dict) or (
            isinstance(value, list) and any(isinstance(v, dict) for v in value)
        )
        flat = key in _IN_LINES if nested else isinstance(value, list)
        text = yaml.safe_dump(
            {key: value},
            sort_keys=False,
            allow_unicode=True,
            width=_WIDTH,
            default_flow_style=None if flat else False,
        )
        blocks.append(text)
    return "".join(blocks)


def _plain(value: Any) -> Any:
    """Whole floats as integers: 80, not 80.0."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
