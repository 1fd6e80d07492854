"""Maximise throughput: the most tokens per second of one workload, or of all scaled together, that a fleet can serve.

The fleet is what a budget buys, what is owned, or what limits allow. The other workloads keep their demand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from planner.clock import Clock
from planner.config.resolved import ResolvedStudy, ResolvedSupply
from planner.config.variants import with_workloads
from planner.errors import InputError
from planner.limits.capped import CappedLimit
from planner.objectives import THROUGHPUT
from planner.operation.costs import served
from planner.problem.answer import Answer
from planner.problem.goal import Goal
from planner.problem.problem import Problem
from planner.problem.solve import solve
from planner.questions.question import Question
from planner.questions.simplify import simplify


def scaled(study: ResolvedStudy) -> tuple[str, ...]:
    """Workloads whose demand is multiplied: the one that the question names, or all."""
    asked = study.config.question.workload
    return (asked,) if asked else tuple(workload.name for workload in study.workloads)


@dataclass(frozen=True)
class MostThroughput(Question):
    """`question: {maximise: throughput}`."""

    demands_all: ClassVar[bool] = False

    @property
    def goal(self) -> Goal:
        return Goal(THROUGHPUT, scaled(self.problem.study))

    def answer(self, simplest: bool = True) -> Answer:
        """The most tokens per second; raises `InputError` where nothing holds it back.

        In the answer's study the scaled workloads demand what they get, so that the plan's checks read it.
        """
        clock = Clock(self.problem.study.config.solver.time_limit_s)
        refuse_unbounded(self.problem)
        found = solve(self.problem.with_solver(seconds=clock.left()), self.goal)
        found = replace(found, study=self.problem.study)
        return as_served(simplify(or_none(found), clock.left()))


def or_none(answer: Answer) -> Answer:
    """The answer, or none at all where the most that can be served is nothing."""
    if answer.objective is None or answer.objective > 0:
        return answer
    return replace(
        answer, termination="infeasible", allocation=None, objective=None, bound=None, plan_bound=None
    )


def as_served(answer: Answer) -> Answer:
    """The answer to a study whose scaled workloads demand exactly what the plan serves of them."""
    if answer.allocation is None:
        return answer
    deployments, names = answer.allocation.deployments, answer.goal.scaled
    study = with_workloads(
        answer.study, lambda w: replace(w, demand=served(deployments, w.name)) if w.name in names else w
    )
    return replace(answer, study=study)


def refuse_unbounded(problem: Problem) -> None:
    """Raise `InputError` where some supply could be bought without end; names each and the ways out."""
    endless = _endless(problem)
    if endless:
        raise InputError([_advice(problem.study, supply) for supply in endless])


def is_bounded(problem: Problem) -> bool:
    """Whether limits end what can be served of the scaled workloads."""
    return not _endless(problem)


def _endless(problem: Problem) -> list[ResolvedSupply]:
    """Supplies that serve a scaled workload and of which no limit counts anything."""
    study = problem.study
    names = set(scaled(study))
    seconds = study.config.solver.time_limit_s
    serving = {o.accelerator for o in problem.options(seconds=seconds).options if names & set(o.workloads)}
    caps = [limit.cap(study) for limit in problem.limits if isinstance(limit, CappedLimit)]
    held = {
        name
        for cap in caps
        for counts in (cap.per_unit, cap.per_instance)
        for name, each in counts.items()
        if each > 0
    }
    return [s for s in study.supplies if s.accelerator_name in serving and s.name not in held]


def _advice(study: ResolvedStudy, supply: ResolvedSupply) -> str:
    if study.config.question.budget_usd_per_hour is not None:
        return (
            f"{study.file}: fleet.supply: {supply.name} costs nothing and has no limit, so throughput has no end; give "
            "it a price_usd_per_hour or a limit [accelerators]"
        )
    return (
        f"{study.file}: question: throughput has no end because {supply.name} has no limit; give budget_usd_per_hour, "
        "power_limit_kw, or that supply's limit [accelerators]"
    )
