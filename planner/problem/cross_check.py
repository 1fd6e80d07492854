"""Cross-check: an objective against the linear relaxation of its own program.

Not part of the certificate: the relaxation is built by Pyomo and its duals come from HiGHS. What they prove is recomputed
from them in plain arithmetic (weak duality), so a wrong claim of the search is caught unless program and relaxation are
wrong alike.
"""

from __future__ import annotations

from planner.checks import Check, at_least, at_most
from planner.problem.answer import Answer
from planner.problem.effort import effort
from planner.problem.program import Adaptation, relax


def cross_check(answer: Answer, seconds: float) -> tuple[tuple[Check, ...], tuple[str, ...]]:
    """(the comparison, remarks): no objective is better than what the relaxation's duals prove within some seconds."""
    if answer.allocation is None or answer.optimum is None or answer.asked is not None:
        return (), ()
    objective = answer.goal.objective
    relaxed = relax(answer.data, effort(answer.study, gap=0.0, seconds=seconds), Adaptation(objective.name))
    if relaxed.proven is None:
        return (), ("not compared with the linear relaxation: it proved nothing within the time limit",)
    limit = relaxed.proven * answer.goal.scale(answer.study, answer.data)
    compare = at_least if objective.sense == "minimise" else at_most
    name = "no better than what the relaxation's duals prove"
    return (compare(name, answer.optimum, limit, answer.unit),), ()
