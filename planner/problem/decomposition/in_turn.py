"""In turn: a plan of all models within the markets' limits, one model after the other, each at the clearing prices.

A model may use what earlier models left, minus what the relaxation wants for later ones. At clearing prices the models
are content with about what the relaxation gives them, so little is lost but what whole instances cost; and each program
is as small as one model.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from formulations.options import Option
from planner.allocation import Allocation, Deployment, steady
from planner.clock import Clock
from planner.config.resolved import ResolvedSupply
from planner.config.variants import of_model
from planner.objectives import COST
from planner.problem.data import data_for
from planner.problem.effort import effort
from planner.problem.problem import Problem
from planner.problem.program import Adaptation, run

Usage = dict[tuple[str, str], float]
"""Accelerators by model and market."""


def in_turn(
    problem: Problem,
    options: Collection[Option],
    markets: Collection[ResolvedSupply],
    usage: Usage,
    clock: Clock,
) -> Allocation | None:
    """The models' plans side by side in the markets (priced supplies with the limits of all sites); None where a model
    finds none with these options, or no time."""
    models = dict.fromkeys(workload.model for workload in problem.study.workloads)
    names = sorted(models, key=lambda m: -sum(v for (n, _), v in usage.items() if n == m))
    left = {market.name: market.limit for market in markets}
    units = {market.name: 0 for market in markets}
    found: list[Deployment] = []
    for number, name in enumerate(names):
        kept = {m: sum(usage.get((later, m), 0.0) for later in names[number + 1 :]) for m in left}
        supplies = tuple(_within(market, left[market.name], kept[market.name]) for market in markets)
        part = problem.with_study(replace(of_model(problem.study, name), supplies=supplies))
        data = data_for(part.study, part.limits, [option for option in options if option.model == name])
        seconds = clock.left() / (2 * (len(names) - number))
        gap = problem.study.config.solver.gap / 4
        if clock.expired:
            return None
        plan = run(data, effort(part.study, gap=gap, seconds=seconds), Adaptation(COST.name)).allocation
        if plan is None:
            return None
        found += plan.deployments
        for deployment in plan.deployments:
            limit = left[deployment.supply]
            left[deployment.supply] = None if limit is None else limit - deployment.gpus
        for market, bought in plan.units.items():
            units[market] += bought
    return steady(tuple(found), units)


def _within(market: ResolvedSupply, left: int | None, kept: float) -> ResolvedSupply:
    """A market whose limit is what is left of it, minus what is kept for others."""
    return market if left is None else replace(market, limit=max(0, int(left - kept + 1e-6)))
