"""Solve: the one way from a problem and a goal to a proven answer.

Model by model where nothing ties models together, else all in one program; where the time is too short for both, a plan
and a bound made by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from planner.by_hand.bound import least_total, most_scaled
from planner.by_hand.greedy import greedy
from planner.clock import Clock
from planner.problem.answer import Answer
from planner.problem.data import data_for
from planner.problem.decomposition.by_model import cut, solve_by_model
from planner.problem.goal import Goal
from planner.problem.jointly import solve_jointly
from planner.problem.problem import Problem

BY_HAND = "the time limit came before the solver had a plan as good as this one, made by hand workload after workload"


def solve(problem: Problem, goal: Goal, within: Mapping[str, float] | None = None) -> Answer:
    """Solve `goal` to the gap that the config asks for, within its time limit.

    `within` keeps objectives that supplies count within a value, by name, beside the config's own limits.
    """
    clock = Clock(problem.study.config.solver.time_limit_s)
    how = None if within else cut(problem, goal)
    answer = None if how is None else solve_by_model(problem, goal, how)
    if answer is None:
        timed = _at_scale(problem, goal, within or {}).with_solver(seconds=clock.left())
        answer = solve_jointly(timed, goal, within)
        answer = replace(answer, study=problem.study)
    return answer if answer.termination != "time_limit" else or_by_hand(bounded(problem, answer))


def _at_scale(problem: Problem, goal: Goal, within: Mapping[str, float]) -> Problem:
    """The problem with the demands that are multiplied near the most that can be served of them.

    Only their ratios matter. From a demand of 1e-5 tokens/s on, multiples beyond 1e9 were of the size of the solver's
    tolerances, and plans failed their certificate.
    """
    study = problem.study
    if not goal.scaled or any(study.workload(name).demand <= 0 for name in goal.scaled):
        return problem
    data = data_for(study, problem.limits, (), scaled=goal.scaled, within=within)
    most = most_scaled(study, data, problem.source.least)
    return problem.with_demand(most, *goal.scaled) if most else problem


def bounded(problem: Problem, answer: Answer) -> Answer:
    """The answer with the bound made by hand, where that is the tighter one or the only one."""
    study, data, objective = answer.study, answer.data, answer.goal.objective
    if objective.worth is not None:
        bound = least_total(study, data, problem.source.least, objective)
    else:
        most = most_scaled(study, data, problem.source.least)
        bound = None if most is None else most * answer.goal.scale(study, data)
    return replace(answer, bound=answer.goal.tighter(answer.bound, bound))


def or_by_hand(answer: Answer) -> Answer:
    """The answer, or the plan made by hand where the solver's time ended without one as good.

    Its gap is that to the bound, like any plan's; the certificate checks it like any plan.
    """
    objective = answer.goal.objective
    if answer.termination != "time_limit" or objective.worth is None:
        return answer
    plan = greedy(answer.data, objective.name)
    if plan is None:
        return answer
    value = answer.goal.value(answer.study, plan)
    if not answer.goal.better(value, answer.objective):
        return answer
    remarks = (*answer.remarks, BY_HAND)
    return replace(answer, allocation=plan, objective=value, before_simplifying=None, remarks=remarks)
