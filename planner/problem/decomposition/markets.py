"""Markets: accelerators of all sites as one supply, the prices at which they clear, and the best plan of chosen options.

A market sells the accelerators of several sites, each at its price up to its limit (`formulations.program.sites`). Sites
are one market where they differ in nothing but name, place, price and limit.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from formulations.options import Option
from formulations.program.data import ProgramData
from formulations.program.sites import Site, clearing_price
from planner.allocation import Allocation
from planner.clock import Clock
from planner.config.fingerprint import without
from planner.config.resolved import ResolvedStudy, ResolvedSupply
from planner.objectives import COST
from planner.problem.data import data_for
from planner.problem.decomposition.in_turn import Usage, in_turn
from planner.problem.decomposition.placing import placed
from planner.problem.effort import effort
from planner.problem.problem import Problem
from planner.problem.program import Adaptation, relax, run

_NEARLY = 0.99
"""Share of the gap at which a plan is good enough to stop."""
_USED = 1e-6
"""Instances of the relaxation above this count as used."""
_MAY_DIFFER = {"name", "written", "site", "usd_per_hour", "price_source", "limit", "owned"}
"""Fields in which sites of one market may differ; a new field keeps them apart until it is listed here."""


@dataclass(frozen=True)
class Market:
    """An accelerator as one supply: all that its sites have, at one price."""

    supply: ResolvedSupply
    sites: tuple[ResolvedSupply, ...]

    def at(self, usd_per_hour: float) -> ResolvedSupply:
        """The market at a price, never below its cheapest site's."""
        return replace(self.supply, usd_per_hour=max(usd_per_hour, self.supply.usd_per_hour))

    @property
    def offered(self) -> tuple[Site, ...]:
        """Its sites as the program sees them."""
        return tuple(
            Site(s.name, s.usd_per_hour, None if s.limit is None else s.limit // s.unit) for s in self.sites
        )

    def earned(self, usd_per_hour: float) -> float:
        """What its limited sites earn above their own prices, $/h."""
        return sum(
            site.limit * max(0.0, usd_per_hour - site.usd_per_hour)
            for site in self.sites
            if site.limit is not None
        )


def markets(study: ResolvedStudy, together: bool) -> list[Market]:
    """Supplies that sell the same thing; one market each where sites may not be taken `together`."""
    groups: dict[str, list[ResolvedSupply]] = {}
    for supply in study.supplies:
        groups.setdefault(str(without(supply, _MAY_DIFFER)) if together else supply.name, []).append(supply)
    found = []
    for sites in groups.values():
        cheapest = min(sites, key=lambda site: site.usd_per_hour)
        limits = [site.limit // site.unit * site.unit for site in sites if site.limit is not None]
        all_limited = sum(limits) if len(limits) == len(sites) else None
        found.append(Market(replace(cheapest, limit=all_limited), tuple(sites)))
    return found


def offered(trade: Collection[Market]) -> dict[str, tuple[Site, ...]]:
    """The sites of every market, by its name in the program."""
    return {market.supply.name: market.offered for market in trade}


def in_markets(problem: Problem, options: Collection[Option], trade: list[Market]) -> ProgramData:
    """The program of some options with the sites of an accelerator as one supply."""
    variant = problem.with_study(replace(problem.study, supplies=tuple(market.supply for market in trade)))
    return data_for(variant.study, variant.limits, options)


def cleared(
    problem: Problem, options: Collection[Option], trade: list[Market], seconds: float
) -> tuple[list[float], set[str], Usage]:
    """Prices at which the relaxation's markets clear, $/h per accelerator, the ids of the options that it uses, and how
    many accelerators each model takes of each market.

    Without any limit nothing is scarce: list prices, and no relaxation is solved.
    """
    listed = [market.supply.usd_per_hour for market in trade]
    if all(site.limit is None for market in trade for site in market.sites):
        return listed, set(), {}
    data = in_markets(problem, options, trade)
    relaxed = relax(
        data, effort(problem.study, seconds=seconds), Adaptation(COST.name, markets=offered(trade))
    )
    if relaxed.objective is None:
        return listed, set(), {}
    prices = [
        clearing_price(relaxed.duals.get(("Limit_Bought", market.supply.name), 0.0), data, market.supply.name)
        for market in trade
    ]
    used, usage = set(), Usage()
    for offer in data.offers:
        instances = relaxed.values.get(("Instances", offer.key), 0.0)
        if instances > _USED:
            used.add(offer.option.id)
            place = offer.option.model, offer.supply.name
            usage[place] = usage.get(place, 0.0) + instances * offer.option.gpus
    return prices, used, usage


def best_plan(
    problem: Problem,
    options: Collection[Option],
    used: set[str],
    usage: Usage,
    trade: list[tuple[Market, ResolvedSupply]],
    bound: float | None,
    clock: Clock,
) -> Allocation | None:
    """The cheapest plan of the kinds of the used options at the sites' own prices; None where none is found in time.

    `trade` are the markets and what they are at the clearing prices. The models in turn give a first plan; a search over
    all of them together starts from it and stops as near to the bound as the gap asks.
    """
    study = problem.study
    kinds = {option.kind for option in options if option.id in used}
    chosen = [option for option in options if option.kind in kinds]
    sold = [market for market, _ in trade]
    with clock.stage("in turn"):
        first = in_turn(problem, chosen, [priced for _, priced in trade], usage, clock)
    with clock.stage("solve"):
        data = in_markets(problem, chosen, sold)
        gap = study.config.solver.gap
        target = None if bound is None else bound / (1 - _NEARLY * gap) / data.scale(COST.name)
        asked = Adaptation(COST.name, start=first, markets=offered(sold))
        limits = effort(study, gap=gap / 4, seconds=clock.left(), target=target)
        found = run(data, limits, asked).allocation or first
    return None if found is None else placed(found, {m.supply.name: m.sites for m in sold}, study)
