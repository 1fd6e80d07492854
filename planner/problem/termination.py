"""Termination: why a search stopped; what it holds is another answer."""

from __future__ import annotations

from typing import Literal

Termination = Literal["optimal", "gap_reached", "time_limit", "infeasible", "unbounded", "error"]
EXACT = 1e-9
"""A gap below this is rounding: optimal."""


def relative_gap(objective: float | None, bound: float | None) -> float | None:
    """|objective − bound| / |objective|; 0 where both are 0, None where one is missing."""
    if objective is None or bound is None:
        return None
    distance = abs(objective - bound)
    return 0.0 if distance == 0 else distance / max(abs(objective), 1e-12)


def reached(objective: float | None, bound: float | None, gap: float) -> Termination:
    """Why a search that found these stopped: at the optimum, at the gap, or by its time."""
    found = relative_gap(objective, bound)
    if found is None or found > gap:
        return "time_limit"
    return "optimal" if found <= EXACT else "gap_reached"
