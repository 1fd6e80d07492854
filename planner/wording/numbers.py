"""Numbers as people read them: thousands separators, a fixed number of digits, a dash where there is none."""

from __future__ import annotations

import math

DASH = "–"
NOTHING = 1e-9
"""What rounding leaves behind in a difference; shown as 0."""


def known(value: object) -> bool:
    """Whether there is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def number(value: float | None, digits: int = 1) -> str:
    """A number with thousands separators, without the sign of a zero, or a dash where there is none."""
    return DASH if value is None or not known(value) else f"{value:z,.{digits}f}"


def share(value: float | None) -> str:
    """A share as a percentage without its sign (the header has it): one digit where rounding would say 0."""
    if value is None or not known(value):
        return DASH
    percent = 100 * value
    return f"{percent:.1f}" if 0.05 <= percent < 0.95 else f"{percent:.0f}"


def short(value: float | None) -> str:
    """Four significant digits, without an exponent for ordinary sizes; whole numbers whole."""
    if value is None or not known(value):
        return DASH
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    if abs(value) < NOTHING:
        return "0"
    if not 1e-4 <= abs(value) < 1e15:
        return f"{value:.3g}"
    digits = max(0, 3 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:,.0f}"
