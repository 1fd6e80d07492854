"""Markets: accelerators of all sites as one supply, the prices at which they clear, and the best plan of chosen options.

A market sells the accelerators of several sites, each at its price up to its limit (`formulations.program.sites`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import pyomo.environ as pyo

from formulations.options import Option
from formulations.program.build import build_program
from formulations.program.data import ProgramData
from formulations.program.sites import Site, clearing_price, fill_sites, sell_by_site
from planner.allocation import Allocation
from planner.config.resolved import ResolvedStudy, ResolvedSupply
from planner.problem.clock import Clock
from planner.problem.data import data_for
from planner.problem.decomposition.in_turn import Usage, in_turn
from planner.problem.decomposition.placing import placed
from planner.problem.highs import SolverOptions, solve_program, solve_relaxation
from planner.problem.read import read_allocation
from planner.problem.start import write_start

_NEARLY = 0.99
"""Share of the gap at which a plan is good enough to stop."""
_USED = 1e-6
"""Instances of the relaxation above this count as used."""


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


def in_markets(
    study: ResolvedStudy, options: Collection[Option], trade: list[Market]
) -> tuple[ProgramData, pyo.ConcreteModel]:
    """The program of some options with the sites of an accelerator as one supply."""
    data = data_for(replace(study, supplies=tuple(market.supply for market in trade)), options)
    model = build_program(data)
    sell_by_site(model, data, {market.supply.name: market.offered for market in trade})
    return data, model


def cleared(
    study: ResolvedStudy, options: Collection[Option], trade: list[Market], seconds: float
) -> tuple[list[float], set[str], Usage]:
    """Prices at which the relaxation's markets clear, $/h per accelerator, the ids of the options that it uses, and how
    many accelerators each model takes of each market.

    Without any limit nothing is scarce: list prices, and no relaxation is solved.
    """
    listed = [market.supply.usd_per_hour for market in trade]
    if all(site.limit is None for market in trade for site in market.sites):
        return listed, set(), {}
    data, model = in_markets(study, options, trade)
    settings = study.config.solver
    relaxed = solve_relaxation(model, SolverOptions(settings.gap, seconds, settings.threads, settings.seed))
    if relaxed.objective is None:
        return listed, set(), {}
    prices = [
        clearing_price(relaxed.duals[f"Limit_Bought[{market.supply.name}]"], data, market.supply.name)
        for market in trade
    ]
    used, usage = set(), Usage()
    for offer in data.offers:
        instances = relaxed.values.get(model.Instances[offer.key].name, 0.0)
        if instances > _USED:
            used.add(offer.option.id)
            place = offer.option.model, offer.supply.name
            usage[place] = usage.get(place, 0.0) + instances * offer.option.gpus
    return prices, used, usage


def best_plan(
    study: ResolvedStudy,
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
    kinds = {option.kind for option in options if option.id in used}
    chosen = [option for option in options if option.kind in kinds]
    markets = [market for market, _ in trade]
    sites = {market.supply.name: market.sites for market in markets}
    first = in_turn(study, chosen, [priced for _, priced in trade], usage, clock)
    clock.lap("in turn")
    data, model = in_markets(study, chosen, markets)
    if first is not None:
        write_start(model, data, first)
        fill_sites(model, {market.supply.name: market.offered for market in markets})
    target = None if bound is None else bound / (1 - _NEARLY * study.config.solver.gap) / data.money_unit
    settings = study.config.solver
    limits = SolverOptions(settings.gap / 4, clock.left(), settings.threads, settings.seed, target=target)
    result = solve_program(model, limits, start=first is not None)
    clock.lap("solve")
    found = read_allocation(model, data) if result.has_solution else first
    return None if found is None else placed(found, sites, study)
