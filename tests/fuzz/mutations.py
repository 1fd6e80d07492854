"""Mutations of files: seeded changes of their values, their keys and their bytes, that nobody would write on purpose."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator
from typing import Any

import yaml

HOSTILE: tuple[Any, ...] = (
    None, True, False, "", " ", "x", "on", "064", "12:30", "=1+1", "@sum(a)", "-1", "nan", ".inf", "1e400", "../..",
    "/dev/null", "a\x00b", "\ud800", "𝕏é‮", "a" * 200_000, -1, 0, 1, 0.5, -0.0, 1e-308, 5e-324, 1e308, 1e-9, 1e9,
    2**31, 2**63, -(2**63), 10**30, float("nan"), float("inf"), float("-inf"), [], {}, [[]], [None], [1, [2]], [{}],
    {"a": 1}, {"": None}, {"name": "x"}, ["fp8", "fp8"], [1, 1], "*", "[0]", "a.b[c]",
)  # fmt: skip
TOKENS = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r\n", b"\t", b"\"", b"'", b"{", b"}", b"[", b"]", b":", b"- ", b",", b"#",
    b"&a ", b"*a", b"!!float ", b"!!python/object:os.system ", b"<<: ", b"---\n", b"...\n", b"%YAML 1.1\n", b"| ", b"> ",
    b"1e400", b"9" * 5000, b"-", b"0x", b"0o9", b".nan", b"NaN", b"null", b"~", b"true", b"[" * 2000, b"{a: " * 2000,
    b'"' + b"a" * 140_000 + b'"', b"=cmd|' /C calc'!A0", b";",
)  # fmt: skip


def mutated(rng: random.Random, content: bytes, form: str) -> bytes:
    """The content with one to three changes; `form` is yaml, json, csv or bytes."""
    changes = rng.choice((1, 1, 1, 2, 3))
    if form in ("yaml", "json") and rng.random() < 0.65:
        data = json.loads(content) if form == "json" else yaml.safe_load(content)
        for _ in range(changes):
            data = _tree(rng, data)
        return json.dumps(data, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
    if form == "csv" and rng.random() < 0.65:
        rows = [line.split(",") for line in content.decode().splitlines()]
        for _ in range(changes):
            _cells(rng, rows)
        return "\n".join(",".join(row) for row in rows).encode("utf-8", "surrogatepass")
    for _ in range(changes):
        content = _bytes(rng, content)
    return content


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of all values below the root."""
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in entries:
        yield (*path, key)
        yield from places(value, (*path, key))


def at(data: Any, path: tuple[Any, ...]) -> Any:
    """The value at a path."""
    for key in path:
        data = data[key]
    return data


def _tree(rng: random.Random, data: Any) -> Any:
    known = list(places(data))
    if not known or rng.random() < 0.01:
        return rng.choice(HOSTILE)
    data = copy.deepcopy(data)
    path = rng.choice(known)
    around, key = at(data, path[:-1]), path[-1]
    change = rng.randrange(7)
    if change == 0:
        del around[key]
    elif change == 1 and isinstance(around, dict):
        around[f"{key}s" if rng.random() < 0.5 else str(rng.choice(HOSTILE))[:50]] = around.pop(key)
    elif change == 2 and isinstance(around, list):
        around.insert(key, copy.deepcopy(around[key]))
    elif change == 3:
        around[key] = rng.choice(([around[key]], {"value": around[key]}, str(around[key])))
    elif change == 4:
        around[key] = copy.deepcopy(at(data, rng.choice(known)))
    else:
        around[key] = rng.choice(HOSTILE)
    return data


def _cells(rng: random.Random, rows: list[list[str]]) -> None:
    row = rng.choice(rows)
    if not row:
        return
    column = rng.randrange(len(row))
    change = rng.randrange(6)
    if change == 0:
        del row[column]
    elif change == 1:
        row.insert(column, str(rng.choice(HOSTILE))[:150_000])
    elif change == 2:
        rows.insert(rng.randrange(len(rows)), list(row))
    elif change == 3:
        other = rng.choice(rows)
        row[column] = rng.choice(other) if other else ""
    else:
        row[column] = str(rng.choice(HOSTILE))


def _bytes(rng: random.Random, content: bytes) -> bytes:
    start = rng.randrange(len(content) + 1)
    stop = min(len(content), start + rng.choice((1, 1, 4, 20, 200)))
    change = rng.randrange(7)
    if change == 0:
        return content[:start] + content[stop:]
    if change == 1:
        return content[:start]
    if change == 2:
        return content[:start] + content[start:stop] * rng.choice((2, 2, 50)) + content[stop:]
    if change == 3:
        return content[:start] + bytes(rng.randrange(256) for _ in range(stop - start)) + content[stop:]
    numbers = list(re.finditer(rb"\d[\d.eE+-]*", content))
    if change == 4 and numbers:
        found = rng.choice(numbers)
        other = str(rng.choice(HOSTILE)).encode("utf-8", "surrogatepass")[:10_000]
        return content[: found.start()] + other + content[found.end() :]
    return content[:start] + rng.choice(TOKENS) + content[start:]
