"""From a file, standard input or a mapping to a checked study: syntax and schema, all problems at once."""

from __future__ import annotations

import difflib
import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fleets.errors import CatalogError
from fleets.loading import parse_yaml, read_text, validate
from planner.config.names import name_problems
from planner.config.places import located
from planner.config.resolve import resolve
from planner.config.resolved import ResolvedStudy
from planner.config.schema.study import Study
from planner.errors import InputError


def load_study(source: str | Path | Mapping[str, Any]) -> ResolvedStudy:
    """Read a planning config and look up every name in it.

    `source` is a path, `-` for standard input, or a mapping with the same keys. Raises `InputError` that lists every
    problem: syntax, unknown keys, values out of range, unknown names, contradictions.
    """
    if isinstance(source, Mapping):
        return study_from(source, "config", Path.cwd())
    stdin = str(source) == "-"
    file = "standard input" if stdin else str(source)
    text = read_stdin() if stdin else _read(Path(source))
    folder = Path.cwd() if stdin else Path(source).resolve().parent
    try:
        return study_from(_parse(text, file), file, folder)
    except InputError as error:
        raise InputError(located(error.problems, {file: text}.get)) from None


def study_from(data: Any, file: str, folder: Path) -> ResolvedStudy:
    """Check parsed data and resolve its names; `folder` is where relative paths start."""
    try:
        study = validate(Study, data, file)
    except CatalogError as error:
        problems = [_with_nearest_key(problem) for problem in error.problems]
        raise InputError([*problems, *name_problems(data, file, folder)]) from None
    return resolve(study, file, folder)


def _read(path: Path) -> str:
    if not os.path.lexists(path):
        near = difflib.get_close_matches(path.name, [p.name for p in path.parent.glob("*.y*ml")], n=3)
        hint = (
            f"; did you mean {', '.join(near)}?"
            if near
            else "; give the path of a config, or - for standard input"
        )
        raise InputError([f"{path}: no such file{hint}"])
    try:
        return read_text(path)
    except CatalogError as error:
        raise InputError(error.problems) from None


def read_stdin() -> str:
    """All of standard input; raises `InputError` where it is not text."""
    try:
        return sys.stdin.read()
    except UnicodeDecodeError:
        raise InputError(["standard input: cannot be read: it is not text in UTF-8"]) from None


def _parse(text: str, file: str) -> Any:
    if not text.strip():
        raise InputError([f"{file}: is empty; start from an example: `fleetplan schema` lists the keys"])
    try:
        return parse_yaml(text, file)
    except CatalogError as error:
        raise InputError(error.problems) from None


def _with_nearest_key(problem: str) -> str:
    """Say where an unknown key belongs, or which keys look like it."""
    match = re.search(r": (\S+) = .* is not a known key", problem)
    if match is None:
        return problem
    unknown = re.sub(r"\[\d+\]$", "", match[1]).split(".")[-1]
    known = _known_keys()
    if 0 < len(known.get(unknown, ())) <= 3:
        where = " or ".join(f"under {place}" if place else "at the top" for place in known[unknown])
        return problem.replace(
            "is not a known key; remove or correct it", f"is no key here; it stands {where}"
        )
    near = difflib.get_close_matches(unknown, known, n=2, cutoff=0.6)
    return problem.replace("remove or correct it", f"did you mean {' or '.join(near)}?") if near else problem


def _known_keys() -> dict[str, list[str]]:
    """Every key of a config, and under which keys it stands."""
    schema = Study.model_json_schema()
    found: dict[str, list[str]] = {}

    def walk(part: dict[str, Any], path: str) -> None:
        for reference in re.findall(r"#/\$defs/(\w+)", json.dumps(part)) if "properties" not in part else ():
            walk(schema["$defs"][reference], path)
        for name, inner in part.get("properties", {}).items():
            if path not in found.setdefault(name, []):
                found[name].append(path)
                walk(inner, f"{path}.{name}".lstrip("."))

    walk(schema, "")
    return found
