"""Bisection on a limit of service: the mildest change of a pace or first-token time that lets a test pass."""

from __future__ import annotations

import math
from collections.abc import Callable

RESOLUTION = 0.005
"""Relative width at which a bisection stops; the answer is rounded to three digits on the passing side."""
FARTHEST = 1e3
"""No limit is stretched by more than this factor, unless a caller says otherwise."""


def least_stretch(
    start: float, passes: Callable[[float], bool | None], farthest: float = FARTHEST
) -> tuple[float, float] | None:
    """(largest value known to fail, smallest value known to pass), searching upwards from a failing `start`.

    The passing value has three digits. None where nothing up to `farthest` times the start passes, or where a test is
    undecided (None) before one passes. Monotone tests give the true threshold within the resolution; for others the two
    values are still a failing and a passing one.
    """
    low, high, factor = start, start, 1.1
    while True:
        high = start * factor
        if factor > farthest:
            return None
        verdict = passes(high)
        if verdict:
            break
        if verdict is None:
            return None
        low, factor = high, factor**1.6
    while high / low > 1 + RESOLUTION:
        middle = math.sqrt(low * high)
        if passes(middle):
            high = middle
        else:
            low = middle
    rounded = rounded_up(high)
    return (low, rounded) if rounded == high or passes(rounded) else (low, high)


def rounded_up(value: float, digits: int = 3) -> float:
    """The next number of that many digits at or above a positive value."""
    scale = 10.0 ** (math.floor(math.log10(value)) - digits + 1)
    return float(f"{math.ceil(value / scale * (1 - 1e-12)) * scale:.{digits}g}")


def rounded_down(value: float, digits: int = 3) -> float:
    """The next number of that many digits at or below a positive value."""
    scale = 10.0 ** (math.floor(math.log10(value)) - digits + 1)
    return float(f"{math.floor(value / scale * (1 + 1e-12)) * scale:.{digits}g}")
