"""Reading YAML and checking it against a schema; every problem of a file is named at once.

What pydantic finds is turned into sentences with file, key path, value, unit and fix.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from fleets import yaml12
from fleets.errors import CatalogError

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


def parse_yaml(text: str, file: str) -> Any:
    """Parse YAML 1.2 or JSON text; what cannot be used raises `CatalogError` that names file, line and column."""
    try:
        return yaml12.parse(text)[0]
    except yaml.YAMLError as error:
        raise CatalogError([_located(error, file)]) from None


def _located(error: yaml.YAMLError, file: str) -> str:
    """File, line, column and what is wrong there."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or " ".join(str(error).split())
    place = "" if mark is None else f":{mark.line + 1}:{mark.column + 1}"
    if isinstance(error, yaml12.Refused):
        return f"{file}{place}: {problem}"
    return f"{file}{place}: not valid YAML: {problem}; check brackets, quotes and indentation there"


def read_text(path: Path, file: str | None = None) -> str:
    """A text file; one that cannot be read raises `CatalogError`."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise CatalogError([f"{file or path}: cannot be read: it is not text in UTF-8"]) from None
    except OSError as error:
        raise CatalogError([f"{file or path}: cannot be read: {error.strerror or error}"]) from None
    except ValueError as error:  # a path that no system has, such as one with NUL
        raise CatalogError([f"{str(file or path)!r}: cannot be read: {error}"]) from None


def read_yaml(path: Path, file: str | None = None) -> Any:
    """Parse a YAML file; a missing or unreadable one raises `CatalogError`."""
    return parse_yaml(read_text(path, file), file or str(path))


def parse_json(text: str, file: str) -> Any:
    """Parse JSON text, strictly (no NaN, no endless number); what cannot be used raises `CatalogError`."""
    try:
        data = json.loads(text, parse_constant=_no_number)
        if "\\u" in text:
            json.dumps(data, ensure_ascii=False).encode()  # halves of characters can be written, not used
        return data
    except RecursionError:
        raise CatalogError([f"{file}: not JSON that can be used: nested too deeply"]) from None
    except ValueError as error:
        raise CatalogError([f"{file}: not JSON: {error}"]) from None


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")


def validate(schema: type[Model], data: Any, file: str) -> Model:
    """Check parsed data against a schema and return the object; raises `CatalogError` with every problem."""
    if not isinstance(data, Mapping):
        raise CatalogError(
            [f"{file}: expected keys and values ({', '.join(schema.model_fields)}), got {_form(data)}"]
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
        "float_type": "; write a number, without quotes",
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


def _form(data: Any) -> str:
    """What a whole file is, without its content: any file may be named, and its text is nobody's business."""
    forms = ((str, "text"), (list, "a list"), (type(None), "nothing"))
    return next((form for kind, form in forms if isinstance(data, kind)), "a number")


def _shown(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return f"a mapping with {', '.join(map(str, list(value)[:4]))}" if value else "an empty mapping"
    if isinstance(value, (list, tuple)) and len(value) > 20:
        return f"a list of {len(value):,}"
    text = repr(value) if isinstance(value, str) else "nothing" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "…"
