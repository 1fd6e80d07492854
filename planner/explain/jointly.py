"""Jointly: the least changes of several limits at once, where no single one is enough."""

from __future__ import annotations

from functools import reduce

from planner.explain.bisect import least_stretch, rounded_up
from planner.explain.change import VERIFY_GAP, Change, all_of, stretched
from planner.explain.less_service import scaled_down
from planner.explain.trial import Trial
from planner.explain.unserved import Unserved, served
from planner.limits.capped import CappedLimit
from planner.limits.limit import TimeLimit
from planner.objectives import COST
from planner.problem.data import data_for
from planner.problem.effort import effort
from planner.problem.problem import Problem
from planner.problem.program import Adaptation, run
from planner.questions.ask import question_of

GIVES = 1e-6
"""Shares below this are rounding, not a change."""


def joint_change(problem: Problem, trial: Trial, missing: list[Unserved], demand: bool) -> Change | None:
    """Changes that together make a plan possible: service that something can give, then what can give way elastically
    (supply, power, budget, …) and, if it may and last of all, `demand`, by the smallest sum of shares. None where nothing
    was found."""
    parts: list[Change] = []
    if missing:
        wanted = _servable(problem, missing)
        if wanted is None:
            return None
        parts = _later(problem, trial, wanted)
    changed = problem.changed(all_of(parts))
    if not parts or trial.feasible(changed) is not True:
        exceeded = _elastic(changed, trial, demand=False)
        if exceeded is None and demand:
            exceeded = _elastic(changed, trial, demand=True)
        if exceeded is None:
            return None
        parts += exceeded
    keys = tuple(key for part in parts for key in part.keys)
    sentence = " and ".join(part.sentence for part in parts)
    return Change(keys, sentence, sum(part.share for part in parts), False, all_of(parts))


def _servable(problem: Problem, missing: list[Unserved]) -> dict[TimeLimit, float] | None:
    """The mildest that anything serves, ms, of every limit that is out of reach; None where service is not why."""
    found: dict[TimeLimit, float] = {}
    for lack in missing:
        limit = next(
            (
                limit
                for limit in problem.limits
                if isinstance(limit, TimeLimit)
                and (limit.family, limit.subject) == (lack.cause, lack.workload)
            ),
            None,
        )
        reached = None if limit is None else _mildest(problem, limit)
        if limit is None or reached is None:
            return None
        found[limit] = reached
    return found


def _mildest(problem: Problem, limit: TimeLimit) -> float | None:
    """The mildest TPOT or first-token time [ms] at which anything serves the workload."""

    def passes(milliseconds: float) -> bool:
        return served(problem.changed(limit.stretched, milliseconds), limit.subject)

    stretch = least_stretch(limit.milliseconds, passes)
    return None if stretch is None else stretch[1]


def _later(problem: Problem, trial: Trial, wanted: dict[TimeLimit, float]) -> list[Change]:
    """What can be served at all, and milder by the least common factor with which a plan exists, if there is one."""

    def at(factor: float) -> list[Change]:
        found = []
        for limit, reached in wanted.items():
            value = rounded_up(reached * factor)
            found.append(stretched(limit, value, value / limit.milliseconds - 1, True))
        return found

    def passes(factor: float) -> bool | None:
        return None if trial.over else trial.feasible(problem.changed(all_of(at(factor))))

    if passes(1.0):
        return at(1.0)
    stretch = least_stretch(1.0, passes)
    return at(1.0 if stretch is None else stretch[1])


def _elastic(problem: Problem, trial: Trial, demand: bool) -> list[Change] | None:
    """The least sum of shares by which everything elastic (and demand) must give way."""
    study = problem.study
    limits = [limit for limit in problem.limits if isinstance(limit, CappedLimit)]
    lifted = reduce(Problem.without, limits, problem)
    names = tuple(w.name for w in study.workloads if w.demand > 0) if demand else ()
    data = data_for(lifted.study, lifted.limits, problem.options().options, scaled=names)
    if not data.offers_for_all:
        return None
    caps = tuple(limit.cap(study) for limit in limits)
    trial.count()
    asked = Adaptation(COST.name, elastic=caps, elastic_demand=demand)
    outcome = run(data, effort(study, gap=VERIFY_GAP, seconds=trial.solve_s), asked)
    if outcome.allocation is None:
        return None
    found = [
        change
        for limit, cap in zip(limits, caps, strict=True)
        if (change := _exceeded(limit, outcome.excess[cap.name])) is not None
    ]
    share = outcome.allocation.throughput
    if demand and share < 1 - GIVES:
        keys = tuple(limit.key for limit in question_of(problem).limits if limit.gives_way == "scaled")
        kept = int(share * 1e3) / 1e3
        if kept <= 0:
            return None
        found.append(scaled_down(keys, kept, False, names))
    return found or None


def _exceeded(limit: CappedLimit, excess: float) -> Change | None:
    if excess < GIVES:
        return None
    needed = limit.value + excess * max(limit.value, 1.0)
    value = limit.rounded(needed) if limit.step else float(f"{needed * (1 + GIVES):.6g}")
    return stretched(limit, value, excess, False)
