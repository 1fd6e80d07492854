"""Duality: what row duals prove, by arithmetic on the matrix alone; and the program whose duals refute another."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from planner.problem.matrix import Matrix, Numbers

ROUNDING = 1e-7
"""Reduced costs below this are the solver's dual tolerance."""


def weak_duality(matrix: Matrix, duals: Numbers) -> float | None:
    """The bound on the objective that given row duals prove, whoever found them; None where they prove nothing.

    For any y with the right signs,  c·x ≥ Σ_rows y·(the side that its sign points to) + Σ_columns min (c − Aᵀy)·x  over
    the columns' bounds. Duals of the wrong sign are set to 0, and so are reduced costs within `ROUNDING` of 0 on
    unbounded columns. A maximum is minus the minimum of −c.
    """
    sign = -1.0 if matrix.maximise else 1.0
    y = sign * duals
    y = np.where((y > 0) & np.isinf(matrix.row_lower), 0.0, y)
    y = np.where((y < 0) & np.isinf(matrix.row_upper), 0.0, y)
    reduced = sign * matrix.cost - np.asarray(matrix.a.T @ y)
    at = np.where(reduced > 0, matrix.column_lower, matrix.column_upper)
    unbounded = np.isinf(at)
    if np.any(unbounded & (np.abs(reduced) > ROUNDING)):
        return None
    rows = np.where(y > 0, matrix.row_lower, np.where(y < 0, matrix.row_upper, 0.0)) @ y
    columns = np.where(unbounded, 0.0, at) @ reduced
    return float(matrix.offset + sign * (rows + columns))


def least_violation(matrix: Matrix) -> Matrix:
    """The program of how far the rows of another must be broken at least, all together; its relaxation always has a
    solution, and where that is above 0 its duals are the multipliers of a contradiction.

    Rows get more where they have a lower side, less where they have an upper one.
    """
    rows = len(matrix.row_lower)
    slack = sparse.identity(rows, format="csc")
    none = np.zeros(rows)
    return Matrix(
        sparse.csc_array(sparse.hstack([matrix.a, slack, -slack], format="csc")),
        np.concatenate([np.zeros(len(matrix.cost)), np.ones(2 * rows)]),
        0.0,
        False,
        np.concatenate([matrix.column_lower, none, none]),
        np.concatenate(
            [
                matrix.column_upper,
                np.where(np.isfinite(matrix.row_lower), np.inf, 0.0),
                np.where(np.isfinite(matrix.row_upper), np.inf, 0.0),
            ]
        ),
        matrix.row_lower,
        matrix.row_upper,
        np.zeros(len(matrix.cost) + 2 * rows, dtype=bool),
    )
