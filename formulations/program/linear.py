"""The thin edge to Pyomo's linear expressions: built from lists, without the cost of operator overloading."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyomo.core.expr.numeric_expr import LinearExpression


def weighted(terms: Iterable[tuple[float, Any]], constant: float = 0.0) -> Any:
    """Σ coefficient·variable + constant; terms with coefficient 0 are left out."""
    kept = [(float(coefficient), variable) for coefficient, variable in terms if coefficient != 0.0]
    return LinearExpression(
        constant=constant,
        linear_coefs=[coefficient for coefficient, _ in kept],
        linear_vars=[variable for _, variable in kept],
    )
