"""Simpler plans: among plans as good as the optimum, or within what the user grants, one with few deployments.

A second solve holds the objective to (1 + simplicity)·optimum and counts deployments, options and slivers of workloads.
It chooses among the kinds of the first plan and, where cost may be given up, then among more of the cheapest, starting
from the best plan so far, in little time: what it finds is never worse than granted and never less simple than the first.
"""

from __future__ import annotations

import time
from dataclasses import replace

from formulations.program.build import build_program
from formulations.program.data import Granted, Offer, ProgramData
from planner.allocation import Allocation
from planner.config.schema import SolverSettings
from planner.problem.answer import Answer
from planner.problem.highs import SolverOptions, solve_program
from planner.problem.optimise import Goal
from planner.problem.read import read_allocation
from planner.problem.start import write_start
from planner.questions.goals import worth

MOST_SECONDS = 2.0
SHARE_OF_TIME = 0.2
LATE_SHARE_OF_TIME = 0.05
"""Where the first solve took all of its time."""
CANDIDATES = (0, 24)
"""Offers to choose from in each round, those of the kinds in use included. The first round finds most; more than
these took longer and found nothing simpler (quickstart and benchmark a, with 0, 0.5 and 2 % granted)."""
_ROUNDING = 1e-9
_LEAST_SECONDS = 0.2
_GAP = 5e-4
"""Below what one option or workload more counts in a plan of twenty deployments."""


def simplify(answer: Answer, goal: Goal, seconds: float | None = None) -> Answer:
    """The answer with a simpler allocation of (nearly) the same objective, or itself where none is found.

    `seconds` is the time it may take; default: a fifth of the config's time limit (a twentieth where that has passed),
    at most `MOST_SECONDS`.
    """
    first = answer.allocation
    if first is None or answer.objective is None:
        return answer
    answer = replace(answer, objective=worth(goal, answer.data, first))  # from prices, free of scaling
    settings = answer.study.config.solver
    share = LATE_SHARE_OF_TIME if answer.termination == "time_limit" else SHARE_OF_TIME
    if seconds is None:
        seconds = min(share * settings.time_limit_s, MOST_SECONDS)
    models = {workload.model for workload in answer.study.workloads}
    least = (
        len(models),
        len(models),
        len(answer.study.workloads),
    )  # nothing is simpler than a kind for each model
    since = time.perf_counter()
    found = first
    for candidates in CANDIDATES if answer.study.config.simplicity > 0 else CANDIDATES[:1]:
        left = seconds - (time.perf_counter() - since)
        if left > 0 and complexity(found)[:3] > least:
            data = answer.data.only(_offers(answer, goal, candidates), _granted(answer, goal))
            found = min(found, _simplest(data, found, settings, left), key=complexity)
    if complexity(found) >= complexity(first):
        return replace(answer, timings=answer.timings | {"simplify": time.perf_counter() - since})
    left = max(_LEAST_SECONDS, seconds - (time.perf_counter() - since))
    found = _best_as_simple(answer, goal, found, settings, left)
    return replace(
        answer,
        allocation=found,
        objective=worth(goal, answer.data, found),
        before_simplifying=answer.objective,
        timings=answer.timings | {"simplify": time.perf_counter() - since},
    )


def _simplest(data: ProgramData, start: Allocation, settings: SolverSettings, seconds: float) -> Allocation:
    """The simplest plan of a program that keeps what was granted; `start` where time ends before one is found."""
    model = build_program(data, "simplest")
    write_start(model, data, start)
    result = solve_program(model, SolverOptions(_GAP, seconds, settings.threads, settings.seed), start=True)
    return read_allocation(model, data) if result.has_solution else start


def _best_as_simple(
    answer: Answer, goal: Goal, simple: Allocation, settings: SolverSettings, seconds: float
) -> Allocation:
    """The best plan by the goal that uses nothing but what the simple one uses; what was granted need not be spent."""
    if answer.study.config.simplicity == 0:
        return simple
    served = {(d.option.id, d.supply, name) for d in simple.deployments for name in d.tokens_per_s}
    data = answer.data.only({key[:2] for key in served}, _granted(answer, goal))
    model = build_program(data, goal.objective)
    write_start(model, data, simple)
    for key in model.FLOWS:
        if key not in served:
            model.Flow[key].fix(0.0)
    options = SolverOptions(settings.gap / 2, seconds, settings.threads, settings.seed)
    result = solve_program(model, options, start=True)
    best = read_allocation(model, data) if result.has_solution else simple
    return min(best, simple, key=lambda found: _cost(goal, answer.data, found))


def _cost(goal: Goal, data: ProgramData, allocation: Allocation) -> float:
    """The goal's objective, lower is better."""
    return worth(goal, data, allocation) * (1.0 if goal.sense == "minimise" else -1.0)


def complexity(allocation: Allocation) -> tuple[int, int, int, int]:
    """Deployments (kinds in supplies), options, workloads on them, and the accelerators that they take."""
    kinds = {(d.option.kind, d.supply) for d in allocation.deployments}
    feeds = sum(len(d.tokens_per_s) for d in allocation.deployments)
    return len(kinds), len(allocation.deployments), feeds, sum(d.gpus for d in allocation.deployments)


def _granted(answer: Answer, goal: Goal) -> Granted:
    """The objective that must be kept, in the program's unit."""
    assert answer.objective is not None
    share = answer.study.config.simplicity + _ROUNDING
    value = answer.objective / goal.scale(answer.data)
    return Granted(goal.objective, value * (1 + share if goal.sense == "minimise" else 1 - share))


def _offers(answer: Answer, goal: Goal, most: int) -> set[tuple[str, str]]:
    """All options of the deployments in use; then the cheapest offers of each workload in turn, up to `most` in all."""
    assert answer.allocation is not None
    data = answer.data
    used = {(d.option.kind, d.supply) for d in answer.allocation.deployments}
    keys = {offer.key for offer in data.offers if (offer.option.kind, offer.supply.name) in used}
    ranked = [_ranked(data, workload.name, goal) for workload in data.workloads]
    for place in range(max(map(len, ranked), default=0)):
        for offers in ranked:
            if place < len(offers) and len(keys) < most:
                keys.add(offers[place].key)
    return keys


def _ranked(data: ProgramData, workload: str, goal: Goal) -> list[Offer]:
    """Offers of a workload by what a token costs there, in the goal's own terms."""

    def cost(offer: Offer) -> float:
        tokens = float(offer.option.tokens_per_s_alone[offer.row_of_workload(workload)]) * offer.utilisation
        draw = offer.supply.power_kw or 0.0
        each = {"cost": offer.supply.usd_per_hour, "power": draw}.get(goal.objective, 1.0)
        return offer.option.gpus * each / tokens

    return sorted(data.offers_for(workload), key=cost)
