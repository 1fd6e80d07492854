"""Refute: why there is no plan, by a second route: multipliers on the rows of the linear relaxation.

They come from a program of its own (`duality.least_violation`); `certificate.refutation` checks them in plain arithmetic.
"""

from __future__ import annotations

from pyomo.common.errors import InfeasibleConstraintException

from planner.problem.answer import Answer
from planner.problem.contradiction import Contradiction
from planner.problem.data import data_for
from planner.problem.duality import ROUNDING, least_violation
from planner.problem.effort import effort
from planner.problem.highs import solve_linear
from planner.problem.matrix import compile_program
from planner.problem.problem import Problem
from planner.problem.program import Adaptation, built

LEAST_SERVED = 1e-3
"""Where a throughput is asked for and nothing can be served: the share of the demand that is shown to be too much."""


def refute(problem: Problem, answer: Answer) -> tuple[tuple[str, ...], Contradiction | None]:
    """(workloads that nothing serves, a contradiction of the relaxation's rows where there is one)."""
    options = problem.options("under").options
    goal = answer.goal
    data = data_for(problem.study, problem.limits, options, scaled=goal.scaled, within=answer.within)
    unserved = tuple(
        workload.name
        for workload in problem.study.workloads
        if all(offer.option.role == "prefill" for offer in data.offers_for(workload.name))
    )
    if unserved:
        return unserved, None
    model = built(data, Adaptation(goal.objective.name))
    if goal.scaled:
        model.Throughput.setlb(LEAST_SERVED)
    try:
        matrix = compile_program(model)
    except InfeasibleConstraintException:
        return (), None
    broken = solve_linear(least_violation(matrix), effort(problem.study, gap=0.0))
    if broken.termination != "optimal" or broken.objective <= ROUNDING:
        return (), None
    return (), Contradiction(
        matrix.a,
        matrix.row_lower,
        matrix.row_upper,
        matrix.column_lower,
        matrix.column_upper,
        broken.row_duals,
        tuple(row.parent_component().local_name for row in matrix.rows),
    )
