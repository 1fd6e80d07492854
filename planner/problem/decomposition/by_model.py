"""By model: a cost question cut into one question per model, held together by the prices of scarce accelerators.

Models share nothing but the limits of supplies. For any price π of an accelerator at or above its cheapest supply's, each
model's least cost at that price, minus what the limited supplies would earn at it, is a bound on the whole fleet's cost:

    cost ≥ Σ_models cost(model at π) − Σ_supplies limit·max(0, π − price)            (Lagrange; ours: all sites at once)

π comes from the linear relaxation, whose bound it can only improve. The plan is the best of the kinds that the models
choose at these prices, in the real supplies. Where no limit binds, the models' plans together are that plan, proven.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from planner.allocation import Allocation
from planner.config.resolved import ResolvedStudy, ResolvedSupply
from planner.options.build import OptionSet, OptionSource
from planner.problem.answer import Answer, relative_gap
from planner.problem.clock import Clock
from planner.problem.data import data_for
from planner.problem.decomposition.in_turn import Usage
from planner.problem.decomposition.markets import best_plan, cleared, markets
from planner.problem.highs import Termination
from planner.problem.settings import with_solver

if TYPE_CHECKING:
    from planner.problem.optimise import Goal

Alone = Callable[[OptionSource, "Goal"], Answer]
"""Answers a question without cutting it up."""

_EXACT = 1e-9
"""A gap below this is rounding: optimal."""
_NOT_TOO_MANY = 2000
"""Options up to which one program for all models is worth the time that is left."""
_FOR_PLAN = 0.25
"""Share of the time that is kept for the plan in the real supplies."""


def separable(source: OptionSource, goal: Goal) -> bool:
    """Whether models share nothing but limits: least cost, no budget or power limit, no unit that two could fill."""
    study, config = source.study, source.study.config
    if goal.objective != "cost" or goal.budget_usd_per_hour is not None or config.power_limit_kw is not None:
        return False
    whole = all(size % supply.unit == 0 for supply in study.supplies for size in config.layouts.instance_gpus)
    served = {workload.model for workload in study.workloads}
    return whole and not source.measured and len(served) > 1


def together(source: OptionSource, goal: Goal, alone: Alone) -> Answer | None:
    """Answer a separable question model by model; None where it finds no plan within the limits although there is time.

    Where the time is up first, the answer holds no plan, and the bound if it is known by then.
    """
    clock = Clock(source.study.config.solver.time_limit_s)
    trade = markets(source.study)
    served = {workload.model for workload in source.study.workloads}
    parts = [source.of(model.name) for model in source.study.models if model.name in served]
    parts.sort(key=lambda part: len(part.options().options))  # the quick ones leave their time to the others
    options = _merged(source, [part.options() for part in parts])
    clock.lap("options")
    prices, used, usage = [market.supply.usd_per_hour for market in trade], set[str](), Usage()
    if not clock.expired:
        prices, used, usage = cleared(source.study, options.options, trade, clock.left(_FOR_PLAN))
    clock.lap("relaxation")
    supplies = tuple(market.at(price) for market, price in zip(trade, prices, strict=True))
    answers = _answers(parts, supplies, goal, alone, clock)
    if answers and answers[-1].termination == "infeasible":
        return replace(answers[-1], study=source.study, options=options, data=data_for(source.study, ()))
    earned = sum(market.earned(paid.usd_per_hour) for market, paid in zip(trade, supplies, strict=True))
    complete = len(answers) == len(parts)
    bound = _sum([answer.bound for answer in answers], earned) if complete else None
    plan_bound = _sum([answer.plan_bound for answer in answers], earned) if complete else None
    options = _merged(source, [*(answer.options for answer in answers), options], options.raw_count)
    data = data_for(source.study, options.options)
    used |= {d.option.id for answer in answers if answer.allocation for d in answer.allocation.deployments}
    allocation = _side_by_side(answers, source.study) if complete and earned == 0.0 else None
    if allocation is None and not clock.expired:
        priced = list(zip(trade, supplies, strict=True))
        allocation = best_plan(source.study, options.options, used, usage, priced, bound, clock)
    if allocation is None and not clock.expired:
        return None
    objective = None if allocation is None else _cost(allocation, source.study)
    gap = relative_gap(objective, bound)
    reached: Termination = "time_limit"
    if gap is not None and gap <= source.study.config.solver.gap:
        reached = "optimal" if gap <= _EXACT else "gap_reached"
    answer = Answer(
        source.study, goal.sense, goal.unit, reached, allocation, objective, bound, plan_bound,
        options, data, clock.spent,
    )  # fmt: skip
    if reached != "time_limit" or clock.expired or len(options.options) > _NOT_TOO_MANY:
        return answer
    return _better(answer, alone(with_solver(source, time_limit_s=clock.left()), goal), clock)


def _better(apart: Answer, jointly: Answer, clock: Clock) -> Answer:
    """The better plan of two answers to one question with the better of their bounds."""
    clock.add(jointly.timings)
    known = [bound for bound in (apart.bound, jointly.bound) if bound is not None]
    bound = max(known, default=None)
    costs = [answer.objective for answer in (apart, jointly) if answer.objective is not None]
    better = jointly if jointly.objective is not None and jointly.objective == min(costs) else apart
    gap = relative_gap(better.objective, bound)
    reached: Termination = "time_limit"
    if gap is not None and gap <= apart.study.config.solver.gap:
        reached = "optimal" if gap <= _EXACT else "gap_reached"
    return replace(better, termination=reached, bound=bound, timings=clock.spent)


def _answers(
    parts: list[OptionSource], supplies: tuple[ResolvedSupply, ...], goal: Goal, alone: Alone, clock: Clock
) -> list[Answer]:
    """The models' answers at these prices, each with its share of the time left; ends at an infeasible one."""
    answers: list[Answer] = []
    for number, part in enumerate(parts):
        if clock.expired:
            break
        sizes = [len(p.options().options) for p in parts[number:]]
        priced = replace(part, study=replace(part.study, supplies=supplies))
        share = clock.left(_FOR_PLAN) * sizes[0] / sum(sizes)
        answers.append(alone(with_solver(priced, time_limit_s=share), goal))
        clock.add(answers[-1].timings)
        if answers[-1].termination == "infeasible":
            break
    return answers


def _cost(allocation: Allocation, study: ResolvedStudy) -> float:
    """$/h of the units bought."""
    return sum(allocation.units[s.name] * s.unit * s.usd_per_hour for s in study.supplies)


def _sum(values: list[float | None], earned: float) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) - earned if len(known) == len(values) else None


def _merged(source: OptionSource, sets: list[OptionSet], raw: int | None = None) -> OptionSet:
    """All options of several sets, each once; `raw` of them before screening, the sum where it is not known better."""
    options = {option.id: option for found in sets for option in found.options}
    performances = {kind: place for found in sets for kind, place in found.performances.items()}
    return OptionSet(
        tuple(options.values()),
        performances,
        sum(found.raw_count for found in sets) if raw is None else raw,
        all(found.exact for found in sets),
        source,
        {},
    )


def _side_by_side(answers: list[Answer], study: ResolvedStudy) -> Allocation | None:
    """The models' plans together, where they were made at list prices and the limits allow it."""
    plans = [answer.allocation for answer in answers]
    units = {supply.name: 0 for supply in study.supplies}
    for plan in plans:
        if plan is None:
            return None
        for name, bought in plan.units.items():
            units[name] += bought
    for supply in study.supplies:
        if supply.limit is not None and units[supply.name] > supply.limit // supply.unit:
            return None
    return Allocation(tuple(d for plan in plans if plan for d in plan.deployments), units, 1.0)
