"""Places: line and column of every key that a problem of a config names, found when there is a problem to show.

Problems name keys as `workloads[0].model` or by the name of a list's entry, `fleet.supply[h100-sxm].limit` and
`workloads.chat.model`; a key that is missing stands where its mapping begins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import yaml

from fleets import yaml12

_NAMES = ("name", "accelerator", "workload")
"""Keys by which entries of a list are called."""
_END = re.compile(r": | = | is missing| \[")
"""What ends the key that a problem begins with."""


def located(problems: Iterable[str], text_of: Callable[[str], str | None]) -> list[str]:
    """The problems with `:line:column` after the file; `text_of` a file's name is its text, None where there is none."""
    nodes: dict[str, yaml.Node | None] = {}
    found = []
    for problem in problems:
        file, colon, rest = problem.partition(": ")
        if colon and file not in nodes:
            nodes[file] = _node(text_of(file))
        place = _place(nodes.get(file), rest) if colon else None
        found.append(problem if place is None else f"{file}:{place[0]}:{place[1]}: {rest}")
    return found


def text_of_file(name: str) -> str | None:
    """The text of a YAML or JSON file; None for anything else."""
    try:
        is_config = name.endswith((".yaml", ".yml", ".json")) and Path(name).is_file()
        return Path(name).read_text(encoding="utf-8") if is_config else None
    except (OSError, ValueError):
        return None


def _node(text: str | None) -> yaml.Node | None:
    try:
        return None if text is None else yaml12.parse(text)[1]
    except yaml.YAMLError:
        return None


def _place(root: yaml.Node | None, rest: str) -> tuple[int, int] | None:
    """(Line, column) of the key that a problem's text begins with; of the mapping around it where it is not there."""
    path = _END.split(rest, maxsplit=1)[0]
    if root is None or " " in path:
        return None
    node, mark, left = root, root.start_mark, path
    while left:
        step = _step(node, left)
        if step is None:
            break
        mark, node, left = step
    if left == path and " is missing" not in rest:
        return None  # not a key of this file
    return mark.line + 1, mark.column + 1


def _step(node: yaml.Node, path: str) -> tuple[yaml.Mark, yaml.Node, str] | None:
    """(Where, what, the rest of the path) of the entry that a path begins with; names may hold dots."""
    entries: list[tuple[str, yaml.Node, yaml.Node]] = []
    if isinstance(node, yaml.MappingNode):
        entries = [(str(key.value), key, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        for number, entry in enumerate(node.value):
            entries += [(name, entry, entry) for name in (f"[{number}]", *_called(entry))]
    found = [
        entry
        for entry in entries
        if path.startswith(entry[0]) and path[len(entry[0]) :][:1] in ("", ".", "[")
    ]
    if not found:
        return None
    name, key, value = max(found, key=lambda entry: len(entry[0]))
    return key.start_mark, value, path[len(name) :].removeprefix(".")


def _called(entry: yaml.Node) -> Iterator[str]:
    """How a path calls an entry of a list, beside by its number."""
    if isinstance(entry, yaml.MappingNode):
        for key, value in entry.value:
            if key.value in _NAMES and isinstance(value, yaml.ScalarNode):
                yield str(value.value)
                yield f"[{value.value}]"
