"""Contradiction: multipliers on the rows of a linear program that are said to show that it has no solution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse


@dataclass(frozen=True)
class Contradiction:
    """Rows  lower ≤ A·x ≤ upper  of shape (m, n), bounds of the columns, multipliers (m,); ±inf: no bound."""

    matrix: sparse.csc_array
    row_lower: NDArray[np.float64]
    row_upper: NDArray[np.float64]
    column_lower: NDArray[np.float64]
    column_upper: NDArray[np.float64]
    multipliers: NDArray[np.float64]
    rows: tuple[str, ...]
    """Constraint of each row."""
