"""Maximise throughput: the most tokens per second of one workload, or of all scaled together, that a fleet can serve.

The fleet is what a budget buys, what is owned, or what limits allow. The other workloads keep their demand.
"""

from __future__ import annotations

from dataclasses import replace

from planner.config.resolved import ResolvedStudy, ResolvedSupply
from planner.errors import InputError
from planner.operation.costs import served
from planner.options.build import OptionSource
from planner.problem.answer import Answer
from planner.problem.optimise import optimise
from planner.questions.goals import scaled, throughput_goal
from planner.questions.simplify import simplify


def most_throughput(source: OptionSource, seconds: float | None = None) -> Answer:
    """The most tokens per second; raises `InputError` where nothing holds it back.

    In the answer's study the scaled workloads demand what they get, so that the plan's checks read it.
    """
    refuse_unbounded(source)
    goal = throughput_goal(source.study)
    answer = or_none(optimise(source, goal))
    return as_served(simplify(answer, goal, seconds), goal.scaled)


def or_none(answer: Answer) -> Answer:
    """The answer, or none at all where the most that can be served is nothing."""
    if answer.objective is None or answer.objective > 0:
        return answer
    return replace(
        answer, termination="infeasible", allocation=None, objective=None, bound=None, plan_bound=None
    )


def as_served(answer: Answer, names: tuple[str, ...]) -> Answer:
    """The answer to a study whose workloads `names` demand exactly what the plan serves of them."""
    if answer.allocation is None:
        return answer
    deployments = answer.allocation.deployments
    workloads = tuple(
        replace(w, demand=served(deployments, w.name)) if w.name in names else w
        for w in answer.study.workloads
    )
    return replace(answer, study=replace(answer.study, workloads=workloads))


def refuse_unbounded(source: OptionSource) -> None:
    """Raise `InputError` where some supply could be bought without end; names each and the ways out."""
    endless = _endless(source)
    if endless:
        raise InputError([_advice(source.study, supply) for supply in endless])


def is_bounded(source: OptionSource) -> bool:
    """Whether limits, budget or power end what can be served of the scaled workloads."""
    return not _endless(source)


def _endless(source: OptionSource) -> list[ResolvedSupply]:
    """Supplies that serve a scaled workload and could be bought without end."""
    study = source.study
    names = set(scaled(study))
    serving = {option.accelerator for option in source.options().options if names & set(option.workloads)}
    return [s for s in study.supplies if s.accelerator_name in serving and not _bounded(study, s)]


def _bounded(study: ResolvedStudy, supply: ResolvedSupply) -> bool:
    """Whether a limit, the budget or the power limit ends what can be bought of a supply."""
    config = study.config
    costs = config.question.budget_usd_per_hour is not None and supply.usd_per_hour > 0
    draws = config.power_limit_kw is not None and (supply.power_kw or 0.0) > 0
    return supply.limit is not None or costs or draws


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
