"""Maximise pace: the fastest tokens per second per user of a workload within a cost.

Every plan for a pace serves any lower one, so whether a pace can be had within a budget is monotone, and bisection
brackets the answer: a plan at the lower end, at the upper end a proof that there is none. Physics is evaluated once; each
question only reads its tables at another pace (ours).
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import numpy as np

from planner.allocation import Allocation
from planner.errors import InputError
from planner.operation.costs import SECONDS_PER_HOUR
from planner.options.build import OptionSource
from planner.problem.answer import Answer
from planner.problem.optimise import Goal, optimise
from planner.problem.settings import with_solver
from planner.questions.goals import cost_goal
from planner.questions.simplify import simplify

UNIT = "tokens/s per user"
_COARSE = 0.9
"""Gap of the questions whose cost does not matter: any plan within the budget answers them."""
_FLOOR = 1e-3
"""Where the search starts when the config asks for no pace, tokens per second per user."""
_MOST_TRIALS = 60


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


def fastest(source: OptionSource, seconds: float | None = None) -> Answer:
    """The fastest pace of the question's workload, and the cheapest fleet that has it."""
    study = source.study
    question = study.config.question
    assert question.workload is not None
    workload = study.workload(question.workload)
    _refuse_unmeasured_pace(source, workload.name)
    limit = study.config.solver.time_limit_s if seconds is None else seconds
    deadline = time.perf_counter() + limit
    budget, remark = _budget(source, deadline)
    found = search_pace(
        source, workload.name, cost_goal(budget), study.config.solver.gap, deadline - 0.2 * limit
    )
    goal = cost_goal(budget)
    if found.plan is None:
        nothing = optimise(with_solver(source, gap=_COARSE), goal)
        return replace(
            nothing, sense="maximise", unit=UNIT, objective=None, bound=None, allocation=None, remarks=remark
        )
    final = source.asking(replace(workload, pace=found.served))
    cheapest = optimise(with_solver(final, time_limit_s=deadline - time.perf_counter()), goal)
    answer = simplify(found.plan if cheapest.allocation is None else cheapest, goal)
    asked = 1 + workload.safety
    near = found.refused <= found.served * (1 + study.config.solver.gap)
    return replace(
        answer,
        study=final.study,
        sense="maximise",
        unit=UNIT,
        termination="optimal" if found.served == found.proven else "gap_reached" if near else "time_limit",
        objective=found.served / asked,
        bound=found.proven / asked,
        plan_bound=found.refused / asked,
        before_simplifying=None,
        remarks=remark,
    )


def search_pace(source: OptionSource, name: str, goal: Goal, tolerance: float, deadline: float) -> Bracket:
    """Bracket the fastest pace of workload `name` at which the goal has a plan, to a relative `tolerance`.

    Starts at the pace that the study asks of it, and at the fastest that any kind can do with one sequence.
    """
    workload = source.study.workload(name)
    highest = fastest_alone(source, name)
    lowest = workload.pace or min(_FLOOR, highest)
    plan, proof = _try(source, name, lowest, goal, deadline)
    if plan is None:
        return Bracket(None, 0.0, lowest, lowest if proof else highest)
    served, refused, proven = max(lowest, kept_pace(plan, name)), highest, highest
    pace = highest
    for _ in range(_MOST_TRIALS):
        if refused <= served * (1 + tolerance) or time.perf_counter() >= deadline:
            break
        trial, proof = _try(source, name, pace, goal, deadline)
        if trial is not None:
            plan, served = trial, min(max(pace, kept_pace(trial, name)), highest)
            refused, proven = max(refused, served), max(proven, served)
        else:
            refused, proven = pace, pace if proof else proven
        pace = math.sqrt(served * refused)
    return Bracket(plan, served, refused, proven)


def _try(
    source: OptionSource, name: str, pace: float, goal: Goal, deadline: float
) -> tuple[Answer | None, bool]:
    """(plan at that pace or None, whether it is proven that there is none)."""
    left = max(0.05, deadline - time.perf_counter())
    changed = source.asking(replace(source.study.workload(name), pace=pace))
    answer = optimise(with_solver(changed, time_limit_s=left, gap=_COARSE), goal)
    if answer.allocation is not None:
        return answer, False
    return None, answer.termination == "infeasible"


def kept_pace(answer: Answer, name: str) -> float:
    """The pace at which the same plan still stands: batches are whole, so a plan keeps a little more than was asked.

    Read where every pool serves that workload alone; elsewhere the pace that was asked.
    """
    asked = answer.study.workload(name).pace
    paces = []
    allocation: Allocation | None = answer.allocation
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


def fastest_alone(source: OptionSource, name: str) -> float:
    """The fastest pace of a workload on any kind: one sequence on one instance, tokens per second."""
    best = 0.0
    for performances in source.tables.values():
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
    for row in source.study.profiles:
        if row.workload == name and row.tpot_ms is not None and row.role != "prefill":
            best = max(best, 1000.0 / row.tpot_ms)
    return best


def _budget(source: OptionSource, deadline: float) -> tuple[float | None, tuple[str, ...]]:
    """Dollars per hour that the fleet may cost, and how that was understood.

    A cost per million tokens limits what the workload adds: the fleet may cost what the others cost alone, and that
    much per token more.
    """
    study = source.study
    question = study.config.question
    assert question.workload is not None
    price, budget = question.max_usd_per_million_tokens, question.budget_usd_per_hour
    if price is None:
        return budget, ()
    workload = study.workload(question.workload)
    tokens_per_hour = workload.demand / (1 + workload.safety) * SECONDS_PER_HOUR
    allowed = price * tokens_per_hour / 1e6
    if len(study.workloads) > 1:
        without = source.asking(replace(workload, demand=0.0, max_kinds=None))
        left = max(0.05, 0.25 * (deadline - time.perf_counter()))
        others = optimise(with_solver(without, time_limit_s=left), cost_goal())
        allowed += others.objective or 0.0
        remark = (
            f"{workload.name} may add {price:g} $ per million tokens to the {others.objective or 0.0:.2f} $/h that the "
            "other workloads cost alone"
        )
    else:
        remark = f"{price:g} $ per million tokens of {workload.name} are {allowed:.2f} $/h"
    return (allowed if budget is None else min(allowed, budget)), (remark,)


def _refuse_unmeasured_pace(source: OptionSource, name: str) -> None:
    """A measured row without TPOT says nothing about pace."""
    problems = [
        f"{row.where}: tpot_ms is missing [ms]; maximise: pace needs to know how fast {name} is there"
        for row in source.study.profiles
        if row.workload == name and row.role != "prefill" and row.tpot_ms is None
    ]
    if problems:
        raise InputError(problems)
