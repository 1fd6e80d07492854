"""Checks: one thing verified, with the value found and the limit that it must keep."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

TOLERANCE = 1e-6
"""Relative; rounding of continuous flows, far below the gap of any plan."""


@dataclass(frozen=True)
class Check:
    """One thing checked: passed where value ≤ limit (or ≥, or =, as the name says). A NaN passes nothing."""

    name: str
    passed: bool
    value: float
    limit: float
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.value:g} against {self.limit:g} {self.unit}".rstrip()


def at_most(name: str, value: float, limit: float, unit: str = "", tolerance: float = TOLERANCE) -> Check:
    """value ≤ limit, up to the tolerance."""
    return Check(
        name, bool(value <= limit + tolerance * max(abs(limit), 1e-9)), float(value), float(limit), unit
    )


def at_least(name: str, value: float, limit: float, unit: str = "", tolerance: float = TOLERANCE) -> Check:
    """value ≥ limit, up to the tolerance."""
    return Check(
        name, bool(value >= limit - tolerance * max(abs(limit), 1e-9)), float(value), float(limit), unit
    )


def equal(name: str, value: float, expected: float, unit: str = "", tolerance: float = TOLERANCE) -> Check:
    """value = expected, up to the tolerance."""
    close = abs(value - expected) <= tolerance * max(abs(expected), 1e-9)
    return Check(name, bool(close), float(value), float(expected), unit)


def holds(name: str, truth: bool) -> Check:
    """A statement that is true or not: 1 against 1."""
    return Check(name, bool(truth), float(truth), 1.0)


def failures(checks: Iterable[Check]) -> tuple[Check, ...]:
    """Those that failed."""
    return tuple(check for check in checks if not check.passed)
