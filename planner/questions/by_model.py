"""By model: a cost question cut into one question per model, held together by the prices of scarce accelerators.

Models share nothing but the limits of supplies. For any price π of an accelerator at or above its cheapest supply's, each
model's least cost at that price, minus what the limited supplies would earn at it, is a bound on the whole fleet's cost:

    cost ≥ Σ_models cost(model at π) − Σ_supplies limit·max(0, π − price)            (Lagrange; ours: all sites at once)

π comes from the linear relaxation, whose bound it can only improve. The plan is the best of the kinds that the models
choose at these prices, in the real supplies. Where no limit binds, the models' plans together are that plan, proven.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyomo.environ as pyo

from formulations.program.build import build_program
from formulations.program.data import ProgramData
from formulations.program.sites import Site, clearing_price, sell_by_site
from planner.config.resolved import ResolvedStudy, ResolvedSupply
from planner.options.build import OptionSet, OptionSource
from planner.plan.allocation import Allocation, read_allocation
from planner.questions.answer import Answer, relative_gap
from planner.questions.clock import Clock
from planner.questions.placing import placed
from planner.questions.settings import with_solver
from planner.solver.highs import SolverOptions, Termination, solve_program, solve_relaxation
from planner.solver.program import data_for

if TYPE_CHECKING:
    from planner.questions.optimise import Goal

Alone = Callable[[OptionSource, "Goal"], Answer]
"""Answers a question without cutting it up."""

_EXACT = 1e-9
"""A gap below this is rounding: optimal."""
_NEARLY = 0.99
"""Share of the gap at which a plan is good enough to stop."""
_USED = 1e-6
"""Instances of the relaxation above this count as used."""
_FOR_PLAN = 0.25
"""Share of the time that is kept for the plan in the real supplies."""


def separable(source: OptionSource, goal: Goal) -> bool:
    """Whether models share nothing but limits: least cost, no budget or power limit, no unit that two could fill."""
    study, config = source.study, source.study.study
    if goal.objective != "cost" or goal.budget_usd_per_hour is not None or config.power_limit_kw is not None:
        return False
    whole = all(size % supply.unit == 0 for supply in study.supplies for size in config.layouts.instance_gpus)
    served = {workload.model for workload in study.workloads}
    return whole and not source.measured and len(served) > 1


@dataclass(frozen=True)
class Market:
    """An accelerator as one supply: all that its sites have, at one price."""

    supply: ResolvedSupply
    sites: tuple[ResolvedSupply, ...]

    def at(self, usd_per_hour: float) -> ResolvedSupply:
        """The market at a price, never below its cheapest site's."""
        return replace(self.supply, usd_per_hour=max(usd_per_hour, self.supply.usd_per_hour))

    def earned(self, usd_per_hour: float) -> float:
        """What its limited sites earn above their own prices, $/h."""
        return sum(
            site.limit * max(0.0, usd_per_hour - site.usd_per_hour)
            for site in self.sites
            if site.limit is not None
        )


def markets(study: ResolvedStudy) -> list[Market]:
    """Supplies of one accelerator, unit and availability sell the same thing."""
    groups: dict[tuple[str, int, float], list[ResolvedSupply]] = {}
    for supply in study.supplies:
        groups.setdefault((supply.accelerator_name, supply.unit, supply.availability), []).append(supply)
    found = []
    for sites in groups.values():
        cheapest = min(sites, key=lambda site: site.usd_per_hour)
        limits = [site.limit // site.unit * site.unit for site in sites if site.limit is not None]
        together = sum(limits) if len(limits) == len(sites) else None
        found.append(Market(replace(cheapest, limit=together), tuple(sites)))
    return found


def together(source: OptionSource, goal: Goal, alone: Alone) -> Answer | None:
    """Answer a separable question model by model; None where it finds no plan within the limits although there is time.

    Where the time is up first, the answer holds no plan, and the bound if it is known by then.
    """
    clock = Clock(source.study.study.solver.time_limit_s)
    trade = markets(source.study)
    served = {workload.model for workload in source.study.workloads}
    parts = [source.of(model.name) for model in source.study.models if model.name in served]
    parts.sort(key=lambda part: len(part.options().options))  # the quick ones leave their time to the others
    options = _merged(source, [part.options() for part in parts])
    clock.lap("options")
    prices, kinds = _cleared(source, options, trade, clock)
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
    kinds |= {d.option.kind for answer in answers if answer.allocation for d in answer.allocation.deployments}
    allocation = _side_by_side(answers, source.study) if complete and earned == 0.0 else None
    if allocation is None and not clock.expired:
        allocation = _at_real_prices(source, options, trade, kinds, bound, clock)
    if allocation is None and not clock.expired:
        return None
    objective = None if allocation is None else _cost(allocation, source.study)
    gap = relative_gap(objective, bound)
    reached: Termination = "time_limit"
    if gap is not None and gap <= source.study.study.solver.gap:
        reached = "optimal" if gap <= _EXACT else "gap_reached"
    return Answer(
        source.study, goal.sense, goal.unit, reached, allocation, objective, bound, plan_bound,
        options, data, clock.spent,
    )  # fmt: skip


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


def _in_markets(
    source: OptionSource, options: OptionSet, trade: list[Market], kinds: set[str] | None = None
) -> tuple[ProgramData, pyo.ConcreteModel]:
    """The program of some kinds (or all) with the sites of an accelerator as one supply."""
    study = replace(source.study, supplies=tuple(market.supply for market in trade))
    data = data_for(study, [o for o in options.options if kinds is None or o.kind in kinds])
    model = build_program(data)
    sites = {
        market.supply.name: tuple(
            Site(s.name, s.usd_per_hour, None if s.limit is None else s.limit // s.unit) for s in market.sites
        )
        for market in trade
    }
    sell_by_site(model, data, sites)
    return data, model


def _cleared(
    source: OptionSource, options: OptionSet, trade: list[Market], clock: Clock
) -> tuple[list[float], set[str]]:
    """Prices at which the relaxation's markets clear, $/h per accelerator, and the kinds that it uses.

    Without any limit nothing is scarce (and without time nothing can be known): list prices, no relaxation.
    """
    listed = [market.supply.usd_per_hour for market in trade]
    if clock.expired or all(site.limit is None for market in trade for site in market.sites):
        return listed, set()
    data, model = _in_markets(source, options, trade)
    settings = source.study.study.solver
    relaxed = solve_relaxation(
        model, SolverOptions(settings.gap, clock.left(_FOR_PLAN), settings.threads, settings.seed)
    )
    if relaxed.objective is None:
        return listed, set()
    prices = [
        clearing_price(relaxed.duals[f"Limit_Bought[{market.supply.name}]"], data, market.supply.name)
        for market in trade
    ]
    used = {
        offer.option.kind
        for offer in data.offers
        if relaxed.values.get(model.Instances[offer.key].name, 0.0) > _USED
    }
    return prices, used


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


def _at_real_prices(
    source: OptionSource,
    options: OptionSet,
    trade: list[Market],
    kinds: set[str],
    bound: float | None,
    clock: Clock,
) -> Allocation | None:
    """The cheapest plan of these kinds at the sites' own prices: as near to the bound as the gap asks, if time allows."""
    data, model = _in_markets(source, options, trade, kinds)
    settings = source.study.study.solver
    target = None if bound is None else bound / (1 - _NEARLY * settings.gap) / data.money_unit
    result = solve_program(
        model,
        SolverOptions(settings.gap / 4, clock.left(), settings.threads, settings.seed, target=target),
    )
    clock.lap("solve")
    if not result.has_solution:
        return None
    sites = {market.supply.name: market.sites for market in trade}
    return placed(read_allocation(model, data), sites, source.study)
