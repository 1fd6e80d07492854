"""Typed access to the keys of a config; every problem is collected and raised once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleets.errors import CatalogError
from fleets.huggingface.irrelevant import is_irrelevant

MOST = 10_000_000
"""No width, count of layers, heads, experts or tokens of a vocabulary reaches this."""
Kinds = list[str]
"""What every layer has, in a word."""


class Recorded(dict[str, Any]):
    """A mapping that remembers which keys were asked for."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.used: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.used.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self.used.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.used.add(str(key))
        return super().__contains__(key)


class Fields:
    """A config's keys with the file's name; `problems` grows until `raise_problems`."""

    def __init__(self, data: Mapping[str, Any], file: str) -> None:
        self.data = Recorded({key: value for key, value in data.items() if isinstance(key, str)})
        self.file = file
        self.problems = [
            f"{file}: {key!r} is no key; keys are text" for key in data if not isinstance(key, str)
        ]

    @property
    def unused(self) -> list[str]:
        """Keys with a value that nothing asked for, and that matter as far as is known."""
        return [
            key
            for key, value in self.data.items()
            if key not in self.data.used and value not in (None, False, 0, [], {}) and not is_irrelevant(key)
        ]

    def refuse(self, key: str, why: str) -> None:
        """Record that a key cannot be understood."""
        shown = repr(self.data[key]) if key in self.data else "missing"
        shown = shown if len(shown) <= 60 else shown[:57] + "…"
        self.problems.append(f"{self.file}: {key} = {shown}: {why}")

    def raise_problems(self) -> None:
        """Raise `CatalogError` with everything recorded so far, if anything."""
        if self.problems:
            raise CatalogError(self.problems)

    def has(self, key: str) -> bool:
        """The key is there and not null."""
        return self.data.get(key) is not None

    def count(self, key: str, *, minimum: int = 0) -> int | None:
        """A whole number, or None when absent or null; anything else is refused."""
        value = self.data.get(key)
        if value is None:
            return None
        if isinstance(value, list) and value and all(entry == value[0] for entry in value):
            value = value[0]  # one number for every layer, the same for all
        if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= MOST:
            self.refuse(key, f"must be one whole number from {minimum} to {MOST:,} for all layers")
            return None
        return value

    def first(self, *keys: str, minimum: int = 1) -> int | None:
        """The first of these keys that is there and not null, as a whole number; None where none is."""
        found = next((key for key in keys if self.has(key)), None)
        return None if found is None else self.count(found, minimum=minimum)

    def required(self, *keys: str) -> int:
        """The first of these keys that is there; 1 stands in after a refusal so that reading can go on."""
        for key in keys:
            if self.has(key):
                return self.count(key, minimum=1) or 1
        self.refuse(keys[0], f"is needed (one of: {', '.join(keys)})" if len(keys) > 1 else "is needed")
        return 1

    def flag(self, key: str, default: bool) -> bool:
        """A truth value; absent: the default; anything else is refused."""
        value = self.data.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.refuse(key, "must be true or false")
            return default
        return value

    def items(self, key: str) -> list[Any] | None:
        """A list, or None when absent; anything else is refused."""
        value = self.data.get(key)
        if value is None:
            return None
        if not isinstance(value, list):
            self.refuse(key, "must be a list")
            return None
        return value
