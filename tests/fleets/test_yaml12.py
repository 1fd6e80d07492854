"""YAML 1.2's scalars, merge keys, and what is refused at once although it is YAML."""

from __future__ import annotations

import math
import time
import tracemalloc
from typing import Any

import pytest
import yaml

from fleets.errors import CatalogError
from fleets.loading import parse_yaml
from fleets.yaml12 import parse

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("064", 64), ("0o14", 12), ("0x1F", 31), ("+12", 12), ("-3", -3), ("12:30", "12:30"), ("1_000", "1_000"),
        ("on", "on"), ("yes", "yes"), ("NO", "NO"), ("y", "y"), ("true", True), ("False", False), ("null", None),
        ("~", None), ("", None), ("1e3", 1000.0), ("-.5", -0.5), ("5.", 5.0), (".inf", math.inf), ("1.5e-3", 0.0015),
        ("2026-11-26", "2026-11-26"), ("0b11", "0b11"), ("!!str 12", "12"), ("!!int '7'", 7), ("=", "="),
    ],
)  # fmt: skip
def test_scalars_are_those_of_the_core_schema(text: str, value: Any) -> None:
    found = parse_yaml(f"x: {text}", "a.yaml")["x"]
    assert found == value
    assert type(found) is type(value)


def test_names_that_yaml_1_1_reads_as_booleans_stay_names() -> None:
    assert parse_yaml("on: 1\nno: {off: yes}", "a.yaml") == {"on": 1, "no": {"off": "yes"}}


def test_merge_keys_fill_in_what_is_not_said() -> None:
    text = "base: &b {x: 1, y: 2}\nmore: &m {z: 3}\none: {<<: *b, y: 5}\nboth: {<<: [*b, *m], z: 4}"
    found = parse_yaml(text, "a.yaml")
    assert found["one"] == {"x": 1, "y": 5}
    assert found["both"] == {"x": 1, "y": 2, "z": 4}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x: !!float x", "a.yaml:1:4: 'x' is not a number"),
        ("x: !!int x", "a.yaml:1:4: 'x' is not a whole number that fits in 64 bits"),
        ("x: !!bool x", "a.yaml:1:4: 'x' is neither true nor false"),
        ("x: !!binary aGk=", "the tag 'tag:yaml.org,2002:binary' means nothing here"),
        ("x: !!set {a}", "means nothing here"),
        ("x: !!timestamp 2020-01-01", "means nothing here"),
        ("x: !!python/object/apply:os.system [ls]", "means nothing here"),
        ("x: " + "9" * 5000, "'9999999999999999999999999999999999999…' is not a whole number that fits in 64 bits"),
        ("x: 1" + "0" * 400, "fits in 64 bits"),
        ("x: 9223372036854775808", "fits in 64 bits"),
        ("x: 1e400", "beyond any number"),
        ('\n  x: "a\\0b"', "a.yaml:2:6: text with a control character ('\\x00')"),
        ("a: &a [*a]", "an alias that contains itself"),
        ("a: 1\nb:\n  c: 1\n  c: 2", "a.yaml:4:3: key 'c' stands twice (lines 3 and 4); keep one"),
        ("[" * 90 + "1" + "]" * 90, None),
        ("[" * 200 + "1" + "]" * 200, "nested more than 100 deep"),
        ("[" * 100_000, "a.yaml:1:"),
        ("{[a]: 1}", "a.yaml:1:2: not valid YAML: found unhashable key"),
        ("a: 1\n---\nb: 2", "a.yaml:2:1: not valid YAML"),
        ("<<: 3", "a.yaml:1:5: not valid YAML: expected a mapping"),
        ("\ud800", "a.yaml: not valid YAML: text that is not Unicode"),
    ],
)  # fmt: skip
def test_what_no_config_holds_is_refused_where_it_stands(text: str, said: str | None) -> None:
    if said is None:
        parse_yaml(text, "a.yaml")
        return
    with pytest.raises(CatalogError) as caught:
        parse_yaml(text, "a.yaml")
    assert said in str(caught.value)


@pytest.mark.parametrize("text", [BOMB, BOMB.replace("[", "{<<: [").replace("]", "]}")])
def test_alias_bombs_are_refused_at_once(text: str) -> None:
    assert len(text) < 600
    tracemalloc.start()
    since = time.perf_counter()
    with pytest.raises(yaml.YAMLError, match="aliases make"):
        parse(text)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10e6
    assert time.perf_counter() - since < 5.0  # 2 ms; unrefused it takes minutes


def test_honest_aliases_are_not_bombs() -> None:
    text = "base: &b {x: 1, y: 2}\nall:\n" + "".join("  - {<<: *b, z: 3}\n" for _ in range(20_000))
    assert len(parse_yaml(text, "a.yaml")["all"]) == 20_000
