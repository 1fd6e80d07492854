"""Sites: one market of interchangeable accelerators, bought at several sites, each at its own price up to its own limit.

    Limit_Bought:  Units[market] ≤ Σ_site Bought[market, site]          Bought ≤ the site's units
    objective      Σ price·Bought

Not part of the planning program: instances need not lie within one site here, so it is a relaxation. Its duals are the
prices at which the market clears.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyomo.environ as pyo

from formulations.program.data import ProgramData
from formulations.program.linear import weighted


@dataclass(frozen=True)
class Site:
    """Where units of a market are sold."""

    name: str
    usd_per_hour: float
    """Per accelerator."""
    units: int | None
    """Whole billing units; None without a limit."""


def sell_by_site(model: pyo.ConcreteModel, data: ProgramData, sites: dict[str, tuple[Site, ...]]) -> None:
    """Let every supply of a built program be bought at its sites, and minimise what that costs."""
    unit = {supply.name: supply.unit for supply in data.supplies}
    places = {(market, site.name): site for market, found in sites.items() for site in found}
    model.SITES = pyo.Set(dimen=2, initialize=list(places), doc="market, site")
    model.Bought = pyo.Var(
        model.SITES,
        bounds=lambda _, market, site: (0, places[market, site].units),
        doc="units bought at a site [units]",
    )

    for market in sites:
        model.Units[market].setub(
            None
        )  # the sites' limits hold; a second one would take a share of the market's price

    def limit(model: pyo.ConcreteModel, market: str) -> object:
        bought = [(-1.0, model.Bought[market, site.name]) for site in sites[market]]
        return weighted([(1.0, model.Units[market]), *bought]) <= 0.0

    model.Limit_Bought = pyo.Constraint(model.SUPPLIES, rule=limit, doc="units bought at the sites [units]")
    model.del_component(model.Objective)
    scale = data.scale("cost")
    spent = [
        (site.usd_per_hour * unit[market] / scale, model.Bought[market, name])
        for (market, name), site in places.items()
    ]
    model.Objective = pyo.Objective(
        expr=weighted(spent), sense=pyo.minimize, doc="cost at all sites [money units per hour]"
    )


def fill_sites(model: pyo.ConcreteModel, sites: dict[str, tuple[Site, ...]]) -> None:
    """Buy the units that the markets' variables hold, cheapest sites first."""
    for market, found in sites.items():
        left = float(pyo.value(model.Units[market]))
        for site in sorted(found, key=lambda site: site.usd_per_hour):
            taken = left if site.units is None else min(left, float(site.units))
            model.Bought[market, site.name].set_value(taken)
            left -= taken


def clearing_price(dual: float, data: ProgramData, market: str) -> float:
    """$/h per accelerator from the dual of a market's `Limit_Bought`."""
    unit = next(supply.unit for supply in data.supplies if supply.name == market)
    return max(0.0, -dual) * data.scale("cost") / unit
