"""Refute: why there is no plan, by a second route: multipliers on the rows of the linear relaxation.

They come from a program of its own (`duality.least_violation`); `certificate.refutation` checks them in plain arithmetic.
"""

from __future__ import annotations

from pyomo.common.errors import InfeasibleConstraintException

from planner.options.option_set import OptionSet
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


def refute(problem: Problem, answer: Answer) -> tuple[OptionSet, Contradiction | None]:
    """(options of under-estimates, a contradiction of their relaxation's rows where there is one)."""
    options = problem.options("under")
    goal = answer.goal
    data = data_for(problem.study, problem.limits, options.options, scaled=goal.scaled, within=answer.within)
    model = built(data, Adaptation(goal.objective.name))
    if goal.scaled:
        model.Throughput.setlb(LEAST_SERVED)
    try:
        matrix = compile_program(model)
    except InfeasibleConstraintException:
        return options, None
    broken = solve_linear(least_violation(matrix), effort(problem.study, gap=0.0))
    if broken.termination != "optimal" or broken.objective <= ROUNDING:
        return options, None
    return options, Contradiction(
        matrix.a,
        matrix.row_lower,
        matrix.row_upper,
        matrix.column_lower,
        matrix.column_upper,
        broken.row_duals,
        tuple(row.parent_component().local_name for row in matrix.rows),
    )
