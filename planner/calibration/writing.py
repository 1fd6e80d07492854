"""Writing: a fitted assumption set as YAML that a person can read: one line per protocol, a comment on top."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from fleets.schema.assumptions import AssumptionSet
from planner.errors import InputError

WIDTH = 118
ON_ONE_LINE = ("errors", "reach")
"""Keys of a fit whose entries are written without a line for each number, as far as the width goes."""


class _Line(dict[str, Any]):
    """A mapping that is written on one line."""


class _Dumper(yaml.SafeDumper):
    """The safe dumper, with lines."""


def _line(dumper: yaml.SafeDumper, value: _Line) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=True)


_Dumper.add_representer(_Line, _line)


def set_to_yaml(assumptions: AssumptionSet, comment: str) -> str:
    """YAML text that loads back to an equal set; keys with their default value are left out."""
    blocks = [f"# {line}\n" for line in comment.splitlines()]
    for key, value in assumptions.model_dump(mode="json", exclude_defaults=True).items():
        compact = (
            None
            if key in ("collectives", "collectives_by_accelerator", "engine", "sources", "fit")
            else False
        )
        text = yaml.dump(
            {key: _plain(value)},
            Dumper=_Dumper,
            sort_keys=False,
            allow_unicode=True,
            width=WIDTH,
            default_flow_style=compact,
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
        return {key: _lines(item) if key in ON_ONE_LINE else _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _lines(value: Any) -> Any:
    """Each entry, all that is in it included, on one line."""
    if isinstance(value, list):
        return [_lines(item) for item in value]
    return _Line({key: _plain(item) for key, item in value.items()})
