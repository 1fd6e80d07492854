"""The least of a limit on units (accelerators, power, budget, carbon) with which a plan exists: from the elastic program,
or by bisection where a question maximises."""

from __future__ import annotations

import math

from planner.explain.bisect import least_stretch
from planner.explain.change import VERIFY_GAP, Change, stretched
from planner.explain.trial import Trial
from planner.limits.capped import CappedLimit, taken
from planner.objectives import COST
from planner.problem.data import data_for
from planner.problem.effort import effort
from planner.problem.problem import Problem
from planner.problem.program import Adaptation, run
from planner.questions.ask import question_of

_SURE = 1e-6
"""Beyond the limit by less than this is rounding."""


def more_of(problem: Problem, trial: Trial, limit: CappedLimit) -> Change | None:
    """The least value of the limit with which a plan exists."""
    if not question_of(problem).demands_all:
        return _bisected(problem, trial, limit)
    lifted = problem.without(limit)
    # the options of the limited study: under a limit that counts instances none of them is left out
    data = data_for(lifted.study, lifted.limits, problem.options().options)
    trial.count()
    gap = 0.0 if limit.step else VERIFY_GAP / 10
    asked = Adaptation(COST.name, elastic=(limit.cap(problem.study),))
    outcome = run(data, effort(problem.study, gap=gap, seconds=trial.solve_s), asked)
    if outcome.allocation is None:
        return None
    needed = limit.rounded(taken(limit.cap(problem.study), outcome.allocation))
    share = (needed - limit.value) / max(limit.value, 1.0)
    if needed <= limit.value * (1 + _SURE):
        return None
    least = (
        outcome.termination == "optimal" if limit.step else outcome.termination in ("optimal", "gap_reached")
    )
    return stretched(limit, needed, share, least, outcome.allocation)


def _bisected(problem: Problem, trial: Trial, limit: CappedLimit) -> Change | None:
    """The same for a question that maximises; in whole steps where the limit has them."""
    step = limit.step
    if trial.over or trial.feasible(problem.without(limit)) is not True:
        return None

    def whole(value: float) -> float:
        return value if step is None else math.ceil(value / step) * step

    def passes(value: float) -> bool | None:
        return trial.feasible(problem.changed(limit.stretched, whole(value)))

    start = max(limit.value, float(step or 0.0))
    if start > limit.value and passes(start):
        needed = start  # a limit below one unit, and one unit is enough
    else:
        found = least_stretch(start, passes)
        if found is None:
            return None
        needed = whole(found[1])
    return stretched(limit, needed, needed / max(limit.value, 1.0) - 1, not trial.over)
