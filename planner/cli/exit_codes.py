"""Exit codes of the command line."""

from __future__ import annotations

ANSWERED = 0
BUG = 1
BAD_INPUT = 2
INFEASIBLE = 3
NO_PLAN = 4


def exit_code(solution: str, termination: str) -> int:
    """0 with a plan; 3 proven infeasible; 4 no plan within the limits; 1 a solver error."""
    if solution != "none":
        return ANSWERED
    return {"infeasible": INFEASIBLE, "time_limit": NO_PLAN}.get(termination, BUG)
