"""Simpler plans: among plans as good as the optimum, or within what the user grants, one with few deployments.

A second solve holds the objective to (1 + simplicity)·optimum and counts deployments, options and slivers of workloads.
It chooses among the kinds of the first plan and, where cost may be given up, then among more of the cheapest, starting
from the best plan so far, with little effort: what it finds is never worse than granted and never less simple than the
first.
"""

from __future__ import annotations

import math
from dataclasses import replace

from formulations.program.data import Granted, Offer
from planner.allocation import Allocation
from planner.clock import Clock
from planner.objectives import THROUGHPUT
from planner.problem.answer import Answer
from planner.problem.effort import effort
from planner.problem.program import SIMPLEST, Adaptation, run

SHARE_OF_TIME = 0.2
LATE_S = 0.5
"""Seconds where the first solve took all of its time."""
CANDIDATES = (0, 24)
"""Offers to choose from in each round, those of the kinds in use included. The first round finds most; more than
these took longer and found nothing simpler (quickstart and benchmark a, with 0, 0.5 and 2 % granted)."""
_ROUNDING = 1e-9
MOST_NODES = 1000
"""Of a search for a simpler plan, so that what is found depends on the config and not on the machine."""
_GAP = 5e-4
"""Below what one option or workload more counts in a plan of twenty deployments."""


def simplify(answer: Answer, left_s: float = math.inf) -> Answer:
    """The answer with a simpler allocation of (nearly) the same objective, or itself where none is found.

    It may take a fifth of the config's time limit, within the seconds that are left of it, and half a second after.
    """
    first = answer.allocation
    if first is None or answer.objective is None:
        return answer
    study, goal = answer.study, answer.goal
    answer = replace(answer, objective=goal.value(study, first))  # from prices, free of scaling
    share = SHARE_OF_TIME * study.config.solver.time_limit_s
    clock = Clock(min(share, max(left_s, min(LATE_S, share))))
    models = {workload.model for workload in study.workloads}
    least = (len(models), len(models), len(study.workloads))  # nothing is simpler than a kind for each model
    found = first
    for candidates in CANDIDATES if study.config.simplicity > 0 else CANDIDATES[:1]:
        if not clock.expired and complexity(found)[:3] > least:
            found = min(found, _simplest(answer, candidates, found, clock), key=complexity)
    if complexity(found) < complexity(first):
        found = _best_as_simple(answer, found, clock)
        value, before = goal.value(study, found), answer.objective
        given_up = before if goal.better(before, value) else None
        answer = replace(answer, allocation=found, objective=value, before_simplifying=given_up)
    return replace(answer, timings=answer.timings | {"simplify": clock.elapsed})


def _simplest(answer: Answer, candidates: int, start: Allocation, clock: Clock) -> Allocation:
    """The simplest plan of few offers that keeps what was granted; `start` where the search ends before one is found."""
    data = answer.data.only(_offers(answer, candidates), _granted(answer))
    limits = effort(answer.study, gap=_GAP, seconds=clock.left(), nodes=MOST_NODES)
    return run(data, limits, Adaptation(SIMPLEST, start=start)).allocation or start


def _best_as_simple(answer: Answer, simple: Allocation, clock: Clock) -> Allocation:
    """The best plan by the goal that uses nothing but what the simple one uses; what was granted need not be spent."""
    study, goal = answer.study, answer.goal
    if study.config.simplicity == 0:
        return simple
    served = frozenset((d.option.id, d.supply, name) for d in simple.deployments for name in d.tokens_per_s)
    data = answer.data.only({key[:2] for key in served}, _granted(answer))
    limits = effort(study, gap=study.config.solver.gap / 2, seconds=clock.left(), nodes=MOST_NODES)
    asked = Adaptation(goal.objective.name, start=simple, served=served)
    best = run(data, limits, asked).allocation or simple
    return best if goal.better(goal.value(study, best), goal.value(study, simple)) else simple


def complexity(allocation: Allocation) -> tuple[int, int, int, int]:
    """Deployments (kinds in supplies), options, workloads on them, and the accelerators that they take."""
    kinds = {(d.option.kind, d.supply) for d in allocation.deployments}
    feeds = sum(len(d.tokens_per_s) for d in allocation.deployments)
    return len(kinds), len(allocation.deployments), feeds, sum(d.gpus for d in allocation.deployments)


def _granted(answer: Answer) -> Granted:
    """The objective that must be kept, in the program's unit."""
    assert answer.objective is not None
    goal, share = answer.goal, answer.study.config.simplicity + _ROUNDING
    value = answer.objective / goal.scale(answer.study, answer.data)
    sign = 1.0 if goal.objective.sense == "minimise" else -1.0
    return Granted(goal.objective.name, value * (1 + sign * share))


def _offers(answer: Answer, most: int) -> set[tuple[str, str]]:
    """All options of the deployments in use; then the best offers of each workload in turn, up to `most` in all."""
    assert answer.allocation is not None
    data = answer.data
    used = {(d.option.kind, d.supply) for d in answer.allocation.deployments}
    keys = {offer.key for offer in data.offers if (offer.option.kind, offer.supply.name) in used}
    ranked = [_ranked(answer, workload.name) for workload in data.workloads]
    for place in range(max(map(len, ranked), default=0)):
        for offers in ranked:
            if place < len(offers) and len(keys) < most:
                keys.add(offers[place].key)
    return keys


def _ranked(answer: Answer, workload: str) -> list[Offer]:
    """Offers of a workload by what a token counts there under the goal (by accelerators for a throughput)."""
    name = "gpus" if answer.goal.objective is THROUGHPUT else answer.goal.objective.name

    def each(offer: Offer) -> float:
        tokens = float(offer.option.tokens_per_s_alone[offer.row_of_workload(workload)]) * offer.utilisation
        return offer.option.gpus * offer.supply.counts[name] / tokens

    return sorted(answer.data.offers_for(workload), key=each)
