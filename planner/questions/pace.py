"""Maximise pace: the fastest tokens per second per user of a workload within a cost.

Every plan for a pace serves any lower one, so whether a pace can be had within a budget is monotone, and bisection
brackets the answer: a plan at the lower end, at the upper end a proof that there is none. Physics is evaluated once; each
question only reads its tables at another pace (ours).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from planner.clock import Clock
from planner.config.variants import with_budget
from planner.errors import InputError
from planner.objectives import COST, PACE
from planner.operation.costs import SECONDS_PER_HOUR
from planner.problem.answer import Answer
from planner.problem.goal import Goal
from planner.problem.problem import Problem
from planner.problem.solve import solve
from planner.questions.minimise import CHEAPEST
from planner.questions.question import Question
from planner.questions.simplify import simplify

Within = dict[str, float]
"""Objectives kept within a value, beside the config's limits."""
_COARSE = 0.9
"""Gap of the questions whose cost does not matter: any plan within the budget answers them."""
_FLOOR = 1e-3
"""Where the search starts when the config asks for no pace, tokens per second per user."""
_MOST_TRIALS = 60
_FOR_PLAN = 0.2
"""Share of the time that is kept for the cheapest plan at the pace found."""


@dataclass(frozen=True)
class Bracket:
    """Where a workload's fastest pace lies, tokens per second per user, margin included."""

    plan: Answer | None
    """At `served`; None where not even the least pace can be had."""
    served: float
    refused: float
    """No plan was found at this pace or above it."""
    proven: float
    """There is none above this pace, in exact physics."""


@dataclass(frozen=True)
class FastestPace(Question):
    """`question: {maximise: pace}`."""

    demands_all = False

    @property
    def goal(self) -> Goal:
        return CHEAPEST

    @property
    def workload(self) -> str:
        """Whose pace."""
        asked = self.problem.study.config.question.workload
        assert asked is not None
        return asked

    def answer(self, simplest: bool = True) -> Answer:
        """The fastest pace of the workload, and the cheapest fleet that has it."""
        problem, study = self.problem, self.problem.study
        workload = study.workload(self.workload)
        refuse_unmeasured_pace(problem, workload.name)
        gap = study.config.solver.gap
        clock = Clock(study.config.solver.time_limit_s)
        within, remark = _within(problem, workload.name, clock)
        found = search_pace(problem, workload.name, CHEAPEST, within, gap, clock, _FOR_PLAN)
        if found.plan is None:
            nothing = solve(problem.with_solver(gap=_COARSE), CHEAPEST, within)
            return replace(
                nothing, study=study, asked=PACE, objective=None, bound=None, allocation=None, remarks=remark
            )
        final = problem.with_workload(workload.name, pace=found.served)
        cheapest = solve(final.with_solver(seconds=clock.left()), CHEAPEST, within)
        answer = simplify(found.plan if cheapest.allocation is None else cheapest, clock.left())
        asked = 1 + workload.safety
        near = found.refused <= found.served * (1 + gap)
        return replace(
            answer,
            study=final.study,
            asked=PACE,
            termination="optimal"
            if found.served == found.proven
            else "gap_reached"
            if near
            else "time_limit",
            objective=found.served / asked,
            bound=found.proven / asked,
            plan_bound=found.refused / asked,
            before_simplifying=None,
            remarks=remark,
        )


def search_pace(
    problem: Problem, name: str, goal: Goal, within: Within, tolerance: float, clock: Clock, kept: float
) -> Bracket:
    """Bracket the fastest pace of workload `name` at which the goal has a plan, to a relative `tolerance`.

    Starts at the pace that the study asks of it, and at the fastest that any kind can do with one sequence; the share
    `kept` of the clock's time is left for later.
    """
    workload = problem.study.workload(name)
    highest = fastest_alone(problem, name)
    lowest = workload.pace or min(_FLOOR, highest)

    def attempt(pace: float) -> tuple[Answer | None, bool]:
        """(plan at that pace or None, whether it is proven that there is none)."""
        changed = problem.with_workload(name, pace=pace)
        answer = solve(changed.with_solver(seconds=clock.left(kept), gap=_COARSE), goal, within)
        return (
            (answer, False) if answer.allocation is not None else (None, answer.termination == "infeasible")
        )

    plan, proof = attempt(lowest)
    if plan is None:
        return Bracket(None, 0.0, lowest, lowest if proof else highest)
    served, refused, proven = max(lowest, kept_pace(plan, name)), highest, highest
    pace = highest
    for _ in range(_MOST_TRIALS):
        if refused <= served * (1 + tolerance) or clock.elapsed >= (1 - kept) * clock.limit_s:
            break
        trial, proof = attempt(pace)
        if trial is not None:
            plan, served = trial, min(max(pace, kept_pace(trial, name)), highest)
            refused, proven = max(refused, served), max(proven, served)
        else:
            refused, proven = pace, pace if proof else proven
        pace = math.sqrt(served * refused)
    return Bracket(plan, served, refused, proven)


def kept_pace(answer: Answer, name: str) -> float:
    """The pace at which the same plan still stands: batches are whole, so a plan keeps a little more than was asked.

    Read where every pool serves that workload alone; elsewhere the pace that was asked.
    """
    asked = answer.study.workload(name).pace
    paces = []
    allocation = answer.allocation
    assert allocation is not None
    for deployment in allocation.deployments:
        option = deployment.option
        if name not in deployment.tokens_per_s or option.role == "prefill":
            continue
        if not option.resources:
            measured = answer.options.measured[option.kind].pace
            paces.append(measured.get(name, asked))
            continue
        if set(deployment.tokens_per_s) != {name}:
            return asked
        position = option.workloads.index(name)
        batch = option.batch_limit[:, position].min()
        step = float((option.step_s + option.sequence_s[:, position] * batch).max())
        paces.append(float(option.tokens_per_step[position]) / step)
    return max(asked, min(paces, default=asked))


def fastest_alone(problem: Problem, name: str) -> float:
    """The fastest pace of a workload on any kind: one sequence on one instance, tokens per second."""
    best = 0.0
    for performances in problem.source.tables.values():
        for performance in performances:
            names = [workload.name for workload in performance.workloads]
            if name not in names:
                continue
            one = np.ones((len(performance.table), 1))
            step, slope = performance.concave(one)
            seconds = (step + slope + performance.linear).max(axis=0)[:, names.index(name)]
            fits = performance.capacity[:, names.index(name)] >= 1
            paces = np.where(fits, performance.tokens_per_step[:, 0] / seconds, 0.0)
            best = max(best, float(paces.max(initial=0.0)))
    for row in problem.study.profiles:
        if row.workload == name and row.tpot_ms is not None and row.role != "prefill":
            best = max(best, 1000.0 / row.tpot_ms)
    return best


def _within(problem: Problem, name: str, clock: Clock) -> tuple[Within, tuple[str, ...]]:
    """What the fleet may cost beside the config's budget, and how that was understood.

    A cost per million tokens limits what the workload adds: the fleet may cost what the others cost alone, and that
    much per token more.
    """
    study = problem.study
    price = study.config.question.max_usd_per_million_tokens
    if price is None:
        return {}, ()
    workload = study.workload(name)
    tokens_per_hour = workload.demand / (1 + workload.safety) * SECONDS_PER_HOUR
    allowed = price * tokens_per_hour / 1e6
    if len(study.workloads) > 1:
        without = problem.with_workload(name, demand=0.0, max_kinds=None).changed(with_budget, None)
        others = solve(without.with_solver(seconds=0.25 * clock.left()), CHEAPEST)
        allowed += others.objective or 0.0
        remark = (
            f"{name} may add {price:g} $ per million tokens to the {others.objective or 0.0:.2f} $/h that the "
            "other workloads cost alone"
        )
    else:
        remark = f"{price:g} $ per million tokens of {name} are {allowed:.2f} $/h"
    return {COST.name: allowed}, (remark,)


def refuse_unmeasured_pace(problem: Problem, name: str) -> None:
    """Raise `InputError` for measured rows without TPOT: they say nothing about the pace that is asked for."""
    problems = [
        f"{row.where}: tpot_ms is missing [ms]; a question about pace needs to know how fast {name} is there"
        for row in problem.study.profiles
        if row.workload == name and row.role != "prefill" and row.tpot_ms is None
    ]
    if problems:
        raise InputError(problems)
