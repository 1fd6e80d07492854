"""No silent nonsense: in the config of everything, each key misspelled, each number as a word, is refused by its name."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from planner.config.load import load_study
from planner.errors import InputError
from tests.fuzz.formats import EVERYTHING
from tests.fuzz.mutations import at, places

CONFIG: dict[str, Any] = yaml.safe_load(EVERYTHING)
FREE = {("models", "m"), ("fleet", "sites", "one"), ("fleet", "supply", 2, "accelerator", "tflops", "bf16")}
"""Keys that are names of the user's, or of an open set."""


def keys() -> Iterator[tuple[Any, ...]]:
    """Paths of keys that the schema defines."""
    return (path for path in places(CONFIG) if isinstance(path[-1], str) and path not in FREE)


def numbers() -> Iterator[tuple[Any, ...]]:
    """Paths of numbers."""
    return (path for path in places(CONFIG) if type(at(CONFIG, path)) in (int, float))


def words(path: tuple[Any, ...]) -> str:
    return ".".join(map(str, path))


def with_value(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The config with another value at a path."""
    changed = copy.deepcopy(CONFIG)
    at(changed, path[:-1])[path[-1]] = value
    return changed


def refused(changed: dict[str, Any], key: str) -> str:
    """The message, which names the key."""
    with pytest.raises(InputError) as error:
        load_study(changed)
    assert key in str(error.value)
    return str(error.value)


def test_the_config_of_everything_is_right() -> None:
    load_study(CONFIG)


@pytest.mark.parametrize("path", list(keys()), ids=words)
def test_a_misspelled_key_is_refused(path: tuple[Any, ...]) -> None:
    changed = copy.deepcopy(CONFIG)
    around = at(changed, path[:-1])
    around[f"{path[-1]}x"] = around.pop(path[-1])
    refused(changed, f"{path[-1]}x")


@pytest.mark.parametrize("value", ["many", "1", None, [], float("nan"), float("inf"), -7.5, True])
@pytest.mark.parametrize("path", list(numbers()), ids=words)
def test_what_is_no_number_is_refused(path: tuple[Any, ...], value: Any) -> None:
    if path == ("version",) and value is True:
        pytest.skip("true is 1 in Python, and version 1 is meant")
    if value is None and isinstance(path[-1], str):
        return  # nothing is written, and the default, or its absence, holds
    refused(with_value(path, value), str(path[-1]))


@pytest.mark.parametrize("path", list(keys()), ids=words)
def test_a_mapping_in_place_of_a_value_is_refused(path: tuple[Any, ...]) -> None:
    if not isinstance(at(CONFIG, path), dict):
        refused(with_value(path, {"nobody": "knows"}), str(path[-1]))
