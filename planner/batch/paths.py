"""Key paths: `workloads.chat.demand_tokens_per_s` or `fleet.supply[h100-sxm].price_usd_per_hour` in a config.

A list element is named by its own name or by its position, after a dot or in brackets; `[*]` names all of them. Names
that contain dots work either way; brackets are there for those that would be ambiguous.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from planner.config.schema.study import Study

Place = tuple[str | int, ...]

EXCLUSIVE = (
    {"demand_tokens_per_s", "demand_requests_per_s"},
    {"min_pace_tokens_per_s", "max_tpot_ms"},
)
"""Keys of which a workload has one; setting one removes the other."""


class PathError(ValueError):
    """A key path names nothing; the message says what there is."""


@dataclass(frozen=True)
class KeyPath:
    """A key path as written, and the places in the config that it names (several with `[*]`)."""

    text: str
    places: tuple[Place, ...]

    @property
    def key(self) -> str:
        """The key that it ends in."""
        return str(self.places[0][-1])


def key_path(text: str, config: dict[str, Any]) -> KeyPath:
    """Find what a key path names in a config; raises `PathError`."""
    places = tuple(_walk(text.strip(), config, (), text))
    if not places:
        raise PathError(f"{text}: names nothing; the list is empty")
    if any(isinstance(place[-1], int) for place in places):
        raise PathError(f"{text}: names a whole element; add the key that is to change")
    return KeyPath(text.strip(), places)


def value_at(config: dict[str, Any], place: Place) -> Any:
    """The value at a place, None where there is none."""
    node: Any = config
    for step in place:
        if isinstance(node, dict):
            node = node.get(step)
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
        else:
            return None
    return node


def put(config: dict[str, Any], place: Place, value: Any) -> None:
    """Set the value at a place (in place of the config), making groups that are not there yet."""
    node: Any = config
    for depth, step in enumerate(place[:-1]):
        if isinstance(node, dict):
            if node.get(step) is None:
                node[step] = {}
            node = node[step]
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
        else:
            raise PathError(f"{_dotted(place)}: {_dotted(place[:depth])} is a value and holds no keys")
    key = place[-1]
    if not isinstance(node, dict):
        raise PathError(f"{_dotted(place)}: {_dotted(place[:-1])} is a value and holds no keys")
    for pair in EXCLUSIVE:
        if key in pair and value is not None:
            for other in pair - {key}:
                node.pop(other, None)
    node[key] = value


def _walk(rest: str, node: Any, trail: Place, text: str) -> Iterable[Place]:
    if rest == "":
        if not trail:
            raise PathError(
                "an empty key path names nothing; write one such as workloads.chat.demand_tokens_per_s"
            )
        yield trail
        return
    if isinstance(node, list):
        names = {i: _names(item) for i, item in enumerate(node)}
        positions, rest = _elements(rest, names, trail, text)
        for position in positions:
            yield from _walk(rest, node[position], (*trail, position), text)
    elif isinstance(node, dict) or node is None:
        group: dict[str, Any] = node or {}
        keys, rest = _keys(rest, group, trail, text)
        for key in keys:
            yield from _walk(rest, group.get(key), (*trail, key), text)
    else:
        raise PathError(f"{text}: {_dotted(trail)} is a value ({node}) and holds no keys")


def _elements(rest: str, names: dict[int, list[str]], trail: Place, text: str) -> tuple[list[int], str]:
    """Positions that the first part of `rest` names in a list, and the rest after it."""
    selector, after = _bracketed(rest, text)
    if selector is None:
        word = _longest(rest, [name for group in names.values() for name in group])
        digits = rest.split(".")[0]
        selector = word or digits
        after = rest[len(selector) :].removeprefix(".")
    if selector == "*":
        return list(names), after
    if selector.isdigit():
        if int(selector) >= len(names):
            raise PathError(f"{text}: {_dotted(trail)} has {len(names)} elements, counted from 0")
        return [int(selector)], after
    first = [i for i, group in names.items() if group[:1] == [selector]]
    found = first or [i for i, group in names.items() if selector in group]
    if len(found) > 1:
        labels = ", ".join(names[i][0] for i in found)
        raise PathError(
            f"{text}: '{selector}' names several of {_dotted(trail)}: {labels}; write one of these, or [*]"
        )
    if not found:
        raise PathError(
            _nothing(text, selector, trail, [name for group in names.values() for name in group[:1]])
        )
    return [found[0]], after


def _keys(rest: str, node: dict[str, Any], trail: Place, text: str) -> tuple[list[str], str]:
    """Keys that the first part of `rest` names in a group, and the rest after it."""
    selector, after = _bracketed(rest, text)
    if selector is None:
        selector = _longest(rest, list(node)) or rest.split(".")[0].split("[")[0]
        after = rest[len(selector) :].removeprefix(".")
    if selector == "*":
        return list(node), after
    known = list(Study.model_fields) if not trail else list(node) if trail == ("models",) else None
    if known is not None and selector not in known:
        raise PathError(_nothing(text, selector, trail, known))
    return [selector], after


def _bracketed(rest: str, text: str) -> tuple[str | None, str]:
    """What stands in brackets at the start, and what follows."""
    if not rest.startswith("["):
        return None, rest
    selector, closed, after = rest[1:].partition("]")
    if not closed:
        raise PathError(f"{text}: a bracket is not closed")
    return selector.strip().strip("'\""), after.removeprefix(".")


def _longest(rest: str, names: list[str]) -> str:
    """The longest name that `rest` starts with, as a whole word; empty where there is none."""
    fitting = [name for name in names if rest == name or rest.startswith((f"{name}.", f"{name}["))]
    return max(fitting, key=len, default="")


def _names(item: Any) -> list[str]:
    """What a list element may be called, the most exact name first."""
    if not isinstance(item, dict):
        return []
    accelerator = item.get("accelerator")
    if isinstance(accelerator, dict):
        accelerator = accelerator.get("name")
    label = f"{accelerator}@{item['site']}" if accelerator and item.get("site") else accelerator
    names = [item.get("name"), label, accelerator, item.get("draft"), item.get("accepted_lengths")]
    return list(dict.fromkeys(str(name) for name in names if name))


def _nothing(text: str, selector: str, trail: Place, known: list[str]) -> str:
    near = difflib.get_close_matches(selector, known, n=2, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
    return f"{text}: '{selector}' is not in {_dotted(trail) or 'the config'}; {hint}"


def _dotted(place: Place) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")
