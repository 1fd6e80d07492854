"""The least that must be given up of a service for a plan to exist: demand, pace, first token, kinds, spares.

Demand from the throughput program, pace and first token by bisection with the options enumerated again, kinds by
counting up.
"""

from __future__ import annotations

import math
from functools import partial

from planner.allocation import Allocation
from planner.config.variants import with_demand
from planner.explain.bisect import least_stretch
from planner.explain.change import VERIFY_GAP, Change, stretched
from planner.explain.trial import Trial
from planner.limits.limit import Limit, TimeLimit
from planner.objectives import THROUGHPUT
from planner.problem.data import data_for
from planner.problem.effort import effort
from planner.problem.problem import Problem
from planner.problem.program import Adaptation, run
from planner.questions.ask import question_of

MOST_KINDS = 8
"""More kinds per workload than this are no longer counted up to."""


def less_demand(problem: Problem, trial: Trial, limit: Limit) -> Change | None:
    """The largest share of one workload's demand that can be served beside all others in full."""
    found = _servable(problem, trial, (limit.subject,))
    if found is None:
        return None
    share, least, plan = found
    return stretched(limit, limit.value * share, 1 - share, least, plan)


def less_of_everything(problem: Problem, trial: Trial) -> Change | None:
    """The largest share of all demands that can be served together."""
    names = tuple(workload.name for workload in problem.study.workloads if workload.demand > 0)
    found = _servable(problem, trial, names)
    if found is None:
        return None
    share, least, plan = found
    keys = tuple(f"workloads[{i}]" for i in range(len(problem.study.workloads)))
    return scaled_down(keys, share, least, names, plan)


def scaled_down(
    keys: tuple[str, ...], share: float, least: bool, names: tuple[str, ...], plan: Allocation | None = None
) -> Change:
    """A share of every named demand."""
    sentence = f"{1 - share:.1%} less demand of every workload"
    return Change(keys, sentence, 1 - share, least, lambda study: with_demand(study, share, *names), plan)


def _servable(
    problem: Problem, trial: Trial, names: tuple[str, ...]
) -> tuple[float, bool, Allocation] | None:
    """Share of the named demands that can be served, to 0.1 %, whether more was shown not to be, and a plan for it."""
    study = problem.study
    if not question_of(problem).demands_all:
        return None
    data = data_for(study, problem.limits, problem.options().options, scaled=names)
    if not data.offers_for_all:
        return None
    trial.count()
    asked = Adaptation(THROUGHPUT.name, most_throughput=1.0)
    outcome = run(data, effort(study, gap=VERIFY_GAP / 10, seconds=trial.solve_s), asked)
    if outcome.objective is None or outcome.allocation is None:
        return None
    share = math.floor(outcome.objective * 1e3 + 1e-6) / 1e3
    least = outcome.termination in ("optimal", "gap_reached")
    return (share, least, outcome.allocation) if 0 < share < 1 else None


def later(problem: Problem, trial: Trial, limit: TimeLimit) -> Change | None:
    """The shortest TPOT or time to first token at which a plan exists, options enumerated again at every step."""
    if trial.over or trial.feasible(problem.without(limit)) is not True:
        return None

    def passes(milliseconds: float) -> bool | None:
        return trial.feasible(problem.changed(limit.stretched, milliseconds))

    found = least_stretch(limit.milliseconds, passes)
    if found is None:
        return None
    needed = found[1]
    return stretched(limit, needed, needed / limit.milliseconds - 1, not trial.over)


def more_kinds(problem: Problem, trial: Trial, limit: Limit) -> Change | None:
    """The fewest kinds with which a plan exists."""
    for kinds in range(int(limit.value) + 1, MOST_KINDS + 1):
        if trial.over:
            return None
        if trial.feasible(problem.changed(limit.stretched, kinds)):
            return stretched(limit, kinds, kinds / limit.value - 1, True)
    return None


def dropped(problem: Problem, trial: Trial, limit: Limit) -> Change | None:
    """Without the limit, where that alone is enough."""
    if trial.over or trial.feasible(problem.without(limit)) is not True:
        return None
    return Change((limit.key,), limit.instead(0.0), 1.0, False, partial(limit.dropped))
