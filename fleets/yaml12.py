"""YAML 1.2: its core scalars on PyYAML's parser, and nothing that a file could do harm or mischief with.

PyYAML resolves scalars by YAML 1.1, where 064 is 52, 12:30 is 750 and a workload named `on` is true. Here a number is a
number as people write it (core schema of YAML 1.2.2, section 10.3.2), dates and all else stay text, and merge keys (`<<`)
work. Refused are a key that stands twice, tags beyond the core ones, aliases that expand beyond what any config holds,
text with control characters, and numbers longer than any quantity.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import yaml

try:
    from yaml import CSafeLoader as _BaseLoader
except ImportError:  # PyYAML without its C library: same rules, slower
    from yaml import SafeLoader as _BaseLoader  # type: ignore[assignment]

MOST_VALUES = 100_000
"""Values that aliases may add to a document in all, beside ten times those that are written."""
MOST_DEPTH = 100
_TAG = "tag:yaml.org,2002:"
_PATTERNS = (
    ("null", r"~|null|Null|NULL|", ("~", "n", "N", "")),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
    ("merge", r"<<", "<"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LARGEST = 2**63 - 1


class Refused(yaml.YAMLError):
    """A document that is valid YAML and may not be used; says where and why."""

    def __init__(self, node: yaml.Node, problem: str) -> None:
        self.problem, self.problem_mark = problem, node.start_mark
        super().__init__(problem)


class _Loader(_BaseLoader):
    """The safe loader with the core schema of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: dict[Any, int] = {}
        for key_node, _ in node.value:
            if key_node.tag == f"{_TAG}merge":
                continue
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if isinstance(key, (str, int, float, bool)):
                if key in seen:
                    raise Refused(
                        key_node, f"key '{key}' stands twice (lines {seen[key]} and {line}); keep one"
                    )
                seen[key] = line
        return super().construct_mapping(node, deep)


for _name, _pattern, _first in _PATTERNS:
    _Loader.add_implicit_resolver(f"{_TAG}{_name}", re.compile(f"^(?:{_pattern})$"), list(_first))


def _int(loader: _Loader, node: yaml.ScalarNode) -> int | str:
    text = str(loader.construct_scalar(node))
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    digits = text if base == 10 else text[2:]
    if len(digits) > 25 or not re.fullmatch(r"[-+]?[0-9a-fA-F]+", digits):
        raise Refused(node, f"{_short(text)} is not a whole number that fits in 64 bits")
    try:
        number = int(digits, base)
    except ValueError:
        raise Refused(node, f"{_short(text)} is not a whole number") from None
    if abs(number) > _LARGEST:
        raise Refused(node, f"{_short(text)} is not a whole number that fits in 64 bits")
    return number


def _float(loader: _Loader, node: yaml.ScalarNode) -> float:
    text = str(loader.construct_scalar(node)).lower()
    try:
        number = float(text.replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        raise Refused(node, f"{_short(text)} is not a number") from None
    if math.isinf(number) and "inf" not in text:
        raise Refused(node, f"{_short(text)} is beyond any number a computer holds")
    return number


def _bool(loader: _Loader, node: yaml.ScalarNode) -> bool:
    text = str(loader.construct_scalar(node)).lower()
    if text not in ("true", "false"):
        raise Refused(node, f"{_short(text)} is neither true nor false")
    return text == "true"


def _str(loader: _Loader, node: yaml.ScalarNode) -> str:
    text = str(loader.construct_scalar(node))
    found = _CONTROL.search(text)
    if found is not None:
        raise Refused(node, f"text with a control character ({found[0]!r}); take it out")
    return text


def _unknown(loader: _Loader, node: yaml.Node) -> None:
    raise Refused(node, f"the tag {_short(node.tag)} means nothing here; leave it out")


_Loader.yaml_constructors = {
    tag: made
    for tag, made in _BaseLoader.yaml_constructors.items()
    if tag in {f"{_TAG}null", f"{_TAG}seq", f"{_TAG}map"}
}
for _name, _made in (("int", _int), ("float", _float), ("bool", _bool), ("str", _str)):
    _Loader.add_constructor(f"{_TAG}{_name}", _made)
_Loader.add_constructor(None, _unknown)


def parse(text: str) -> tuple[Any, yaml.Node | None]:
    """(The values of one document, its nodes with their places); raises `yaml.YAMLError`."""
    try:
        loader = _Loader(text)
    except (UnicodeEncodeError, UnicodeDecodeError):
        raise yaml.YAMLError("text that is not Unicode") from None
    try:
        node = loader.get_single_node()
        if node is None:
            return None, None
        _check_size(node)
        return loader.construct_document(node), node
    except RecursionError:
        raise yaml.YAMLError(f"nested more than {MOST_DEPTH} deep") from None
    finally:
        loader.dispose()


def _check_size(root: yaml.Node) -> None:
    """Raise where aliases make a document larger than any config, or part of itself, or where it is nested too deeply."""
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()

    def size(node: yaml.Node, depth: int) -> int:
        if isinstance(node, yaml.ScalarNode):
            return 1
        identity = id(node)
        if identity in sizes:
            return sizes[identity]
        if identity in open_nodes:
            raise Refused(node, "an alias that contains itself; write it out")
        if depth > MOST_DEPTH:
            raise Refused(node, f"nested more than {MOST_DEPTH} deep")
        open_nodes.add(identity)
        total = 1 + sum(size(child, depth + 1) for child in _children(node))
        open_nodes.discard(identity)
        sizes[identity] = total
        written[0] += 1 + sum(isinstance(child, yaml.ScalarNode) for child in _children(node))
        if total > 10 * written[0] + MOST_VALUES:
            raise Refused(node, f"aliases make {total:,} values of this; write out what is meant")
        return total

    written = [0]
    size(root, 1)


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    for child in node.value:
        if isinstance(node, yaml.MappingNode):
            yield from child
        else:
            yield child


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "…")
