"""Writing: a fitted assumption set as YAML that a person can read: one line per protocol, a comment on top."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from fleets.schema.assumptions import AssumptionSet
from planner.errors import InputError

WIDTH = 118


def set_to_yaml(assumptions: AssumptionSet, comment: str) -> str:
    """YAML text that loads back to an equal set; keys with their default value are left out."""
    blocks = [f"# {line}\n" for line in comment.splitlines()]
    for key, value in assumptions.model_dump(mode="json", exclude_defaults=True).items():
        compact = (
            None
            if key in ("collectives", "collectives_by_accelerator", "engine", "sources", "fit")
            else False
        )
        text = yaml.safe_dump(
            {key: _plain(value)}, sort_keys=False, allow_unicode=True, width=WIDTH, default_flow_style=compact
        )
        blocks.append(text)
    return "".join(blocks)


def write_set(assumptions: AssumptionSet, path: Path, comment: str) -> None:
    """Write the set to `path`; raises `InputError` when that fails."""
    try:
        path.write_text(set_to_yaml(assumptions, comment), encoding="utf-8")
    except OSError as error:
        raise InputError([f"{path}: cannot be written: {error}"]) from None


def _plain(value: Any) -> Any:
    """Whole floats as integers: 80, not 80.0."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
