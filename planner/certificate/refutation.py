"""Refutation: a proof that no plan exists, checked in plain arithmetic.

Multipliers y on the rows  lower ≤ A·x ≤ upper  of a linear program (Farkas): any x within its bounds has

    y·A·x ≤ Σ_columns max over the bounds of (Aᵀy)·x          and, if it kept the rows,
    y·A·x ≥ Σ_rows y·lower where y > 0, y·upper where y < 0.

Where the first is below the second there is no x, whoever found y. The program is the relaxation of under-estimates, so
no plan of whole instances in the exact physics exists either.
"""

from __future__ import annotations

import numpy as np

from planner.checks import Check
from planner.problem.contradiction import Contradiction

_ROUNDING = 1e-9
"""Entries of Aᵀy this small, against the largest multiplier, are rounding where a column has no bound there."""
_MARGIN = 1e-7
"""The contradiction must exceed this share of the sizes that enter it."""


def sides(found: Contradiction) -> tuple[float, float]:
    """(the most that y·A·x can be, the least that it would have to be); infinite or NaN where y proves nothing."""
    scale = float(np.abs(found.multipliers).max(initial=0.0))
    y = np.where(np.abs(found.multipliers) > _ROUNDING * scale, found.multipliers, 0.0)
    side = np.where(y > 0, found.row_lower, np.where(y < 0, found.row_upper, 0.0))
    combined = np.asarray(found.matrix.T @ y)
    at = np.where(combined > 0, found.column_upper, found.column_lower)
    negligible = ~np.isfinite(at) & (np.abs(combined) <= _ROUNDING * scale)
    most = np.where(negligible, 0.0, combined) @ np.where(negligible, 0.0, at)
    return float(most), float(y @ side)


def refutation(found: Contradiction) -> Check:
    """Passed where the multipliers prove that the program has no solution."""
    most, least = sides(found)
    margin = _MARGIN * max(1.0, abs(least))
    used = np.abs(found.multipliers) > _ROUNDING * float(np.abs(found.multipliers).max(initial=0.0))
    rows = dict.fromkeys(row for row, in_use in zip(found.rows, used, strict=True) if in_use)
    return Check(
        f"no plan: {', '.join(rows)} contradict each other", bool(most < least - margin), most, least
    )
