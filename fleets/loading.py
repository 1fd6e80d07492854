"""Reading YAML and checking it against a schema; every problem of a file is named at once.

Only the safe loader is used, a key that stands twice is refused, dates stay text, and what pydantic finds is
turned into sentences with file, key path, value, unit and fix.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from fleets.errors import CatalogError

try:
    from yaml import CSafeLoader as _BaseLoader
except ImportError:  # PyYAML without its C library: same rules, slower
    from yaml import SafeLoader as _BaseLoader  # type: ignore[assignment]

Model = TypeVar("Model", bound=BaseModel)

_UNITS = (
    ("_usd_per_hour", "$/h"),
    ("usd_per_hour", "$/h"),
    ("_gb_s", "GB/s"),
    ("_gb", "GB"),
    ("tflops", "TFLOP/s"),
    ("_kw_per_accelerator", "kW"),
    ("_w", "W"),
    ("_us", "µs"),
    ("_ms", "ms"),
    ("_fraction", "share of 1"),
    ("_tokens", "tokens"),
    ("_tokens_per_s", "tokens/s"),
)


class _UniqueKeys(_BaseLoader):
    """Safe loader that refuses a key that stands twice in one mapping."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: dict[Any, int] = {}
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if isinstance(key, (str, int, float)) and key in seen:
                raise _DuplicateKey(f"key '{key}' stands twice (lines {seen[key]} and {line}); keep one")
            if isinstance(key, (str, int, float)):
                seen[key] = line
        return super().construct_mapping(node, deep)


_UniqueKeys.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _BaseLoader.yaml_implicit_resolvers.items()
}


class _DuplicateKey(yaml.YAMLError):
    """A mapping has one key twice."""


def parse_yaml(text: str, file: str) -> Any:
    """Parse YAML or JSON text; bad syntax or a duplicate key raises `CatalogError` that names `file`."""
    try:
        return yaml.load(text, Loader=_UniqueKeys)  # a subclass of the safe loader
    except _DuplicateKey as error:
        raise CatalogError([f"{file}: {error}"]) from None
    except yaml.YAMLError as error:
        raise CatalogError([f"{file}: not valid YAML: {_where(error)}"]) from None


def _where(error: yaml.YAMLError) -> str:
    """Line, column and what is wrong there."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or " ".join(str(error).split())
    place = "" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: "
    return f"{place}{problem}; check brackets, quotes and indentation there"


def read_yaml(path: Path, file: str | None = None) -> Any:
    """Parse a YAML file; a missing or unreadable one raises `CatalogError`."""
    name = file or str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogError([f"{name}: cannot be read: {error}"]) from None
    return parse_yaml(text, name)


def validate(schema: type[Model], data: Any, file: str) -> Model:
    """Check parsed data against a schema and return the object; raises `CatalogError` with every problem."""
    if not isinstance(data, Mapping):
        raise CatalogError(
            [f"{file}: expected keys and values ({', '.join(schema.model_fields)}), got {_shown(data)}"]
        )
    try:
        return schema.model_validate(data)
    except ValidationError as error:
        raise CatalogError(problems(error, file)) from None


def problems(error: ValidationError, file: str) -> list[str]:
    """One sentence per pydantic error: file, key path, what was found with its unit, what is allowed."""
    details: list[dict[str, Any]] = [dict(detail) for detail in error.errors(include_url=False)]
    inner = {detail["loc"][:depth] for detail in details for depth in range(len(detail["loc"]))}
    return [
        _sentence(detail, file)
        for detail in details
        if detail["type"] != "too_short" or detail["loc"] not in inner  # its items were refused already
    ]


def _sentence(detail: dict[str, Any], file: str) -> str:
    path = key_path(part for part in detail["loc"] if not str(part).startswith("<"))  # tags of unions
    key, kind = (path or "(whole file)"), detail["type"]
    if kind == "missing":
        return f"{file}: {key} is missing{_unit_hint(path)}; add it"
    if kind == "extra_forbidden":
        return f"{file}: {key} = {_shown(detail['input'])} is not a known key; remove or correct it"
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if kind == "value_error":
        return f"{file}: {key}: {message}"
    found = f"{file}: {key} = {_shown(detail['input'])}{_unit_hint(path)}"
    return f"{found}: {message[0].lower()}{message[1:]}{_fix(kind, detail.get('ctx', {}))}"


def _fix(kind: str, limits: Mapping[str, Any]) -> str:
    """What to write instead, where the message alone does not say it."""
    bounds = {"greater_than": "gt", "greater_than_equal": "ge", "less_than": "lt", "less_than_equal": "le"}
    words = {"gt": "a number above {}", "ge": "{} or more", "lt": "a number below {}", "le": "{} or less"}
    if kind in bounds:
        limit = limits[bounds[kind]]
        return f"; write {words[bounds[kind]].format(f'{limit:,.15g}')}"
    fixes = {
        "finite_number": "; write a number",
        "float_type": "; write a number",
        "float_parsing": "; write a number",
        "int_type": "; write a whole number",
        "int_from_float": "; write a whole number",
        "int_parsing": "; write a whole number",
        "bool_type": "; write true or false",
        "bool_parsing": "; write true or false",
        "string_pattern_mismatch": "; begin with a letter or digit and use letters, digits and . _ + - only",
        "tuple_type": "; write a list, such as [a, b]",
        "too_short": "; add one",
    }
    return fixes.get(kind, "")


def key_path(parts: Iterable[str | int]) -> str:
    """`supply[2].limit` from ("supply", 2, "limit")."""
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def _unit_hint(path: str) -> str:
    names = path.split(".")
    for name in (names[-1], names[0]):
        for suffix, unit in _UNITS:
            if name.endswith(suffix):
                return f" [{unit}]"
    return ""


def _shown(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return f"a mapping with {', '.join(map(str, list(value)[:4]))}" if value else "an empty mapping"
    text = repr(value) if isinstance(value, str) else "nothing" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "…"
