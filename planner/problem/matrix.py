"""Matrix: a compiled program as plain arrays, with the Pyomo objects behind its rows and columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyomo.environ as pyo
from numpy.typing import NDArray
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy import sparse

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Matrix:
    """Minimise or maximise  cost·x + offset  over  row_lower ≤ A·x ≤ row_upper  within the columns' bounds; ±inf where
    there is none."""

    a: sparse.csc_array
    cost: Numbers
    offset: float
    maximise: bool
    column_lower: Numbers
    column_upper: Numbers
    row_lower: Numbers
    row_upper: Numbers
    integer: NDArray[np.bool_]
    columns: tuple[Any, ...] = ()
    """Variables."""
    rows: tuple[Any, ...] = ()
    """Constraints."""


def compile_program(model: pyo.ConcreteModel) -> Matrix:
    """Compile a linear Pyomo program to sparse columns; variables and rows keep their order.

    Raises `InfeasibleConstraintException` for a row without variables that cannot hold, such as the demand of what
    nothing serves.
    """
    form = LinearStandardFormCompiler().write(model, mixed_form=True, set_sense=None)
    right = np.asarray(form.rhs, dtype=float)
    kind = np.array([row.bound_type for row in form.rows], dtype=int)
    return Matrix(
        sparse.csc_array(form.A.tocsc()),
        np.asarray(form.c.toarray(), dtype=float).ravel(),
        float(np.ravel(form.c_offset)[0]),
        form.objectives[0].sense == pyo.maximize,
        np.array([-np.inf if v.lb is None else float(v.lb) for v in form.columns]),
        np.array([np.inf if v.ub is None else float(v.ub) for v in form.columns]),
        np.where(kind <= 0, right, -np.inf),
        np.where(kind >= 0, right, np.inf),
        np.array([not v.is_continuous() for v in form.columns], dtype=bool),
        tuple(form.columns),
        tuple(row.constraint for row in form.rows),
    )
