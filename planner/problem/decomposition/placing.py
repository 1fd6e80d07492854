"""Placing: instances bought in a market of several sites, put into the sites, cheapest first.

Large instances first: where every size divides the next and the sites' limits, that fills each site to the last
accelerator; elsewhere it may fail, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from planner.allocation import Allocation, Deployment, steady
from planner.config.resolved import ResolvedStudy, ResolvedSupply


@dataclass
class _Room:
    """Accelerators left at a site; None without a limit."""

    site: ResolvedSupply
    free: int | None

    def holds(self, gpus: int, wanted: int) -> int:
        """How many of `wanted` instances fit."""
        return wanted if self.free is None else min(wanted, self.free // gpus)

    def take(self, gpus: int) -> None:
        """Use accelerators."""
        if self.free is not None:
            self.free -= gpus


def placed(
    allocation: Allocation, sites: Mapping[str, Sequence[ResolvedSupply]], study: ResolvedStudy
) -> Allocation | None:
    """The allocation with every market's instances at its sites; None where one finds no place.

    `sites` names the sites of every market by the supply name in the allocation. Units are whole for every instance
    (`by_model.cut`).
    """
    rooms = {
        market: [_Room(site, site.limit) for site in sorted(found, key=lambda site: site.usd_per_hour)]
        for market, found in sites.items()
    }
    found: list[Deployment] = []
    bought = {supply.name: 0 for supply in study.supplies}
    for deployment in sorted(allocation.deployments, key=lambda d: -d.option.gpus):
        pieces = _spread(deployment, rooms[deployment.supply])
        if pieces is None:
            return None
        for piece in pieces:
            bought[piece.supply] += piece.gpus
        found += pieces
    units = {supply.name: -(-bought[supply.name] // supply.unit) for supply in study.supplies}
    return steady(tuple(found), units, allocation.throughput)


def _spread(deployment: Deployment, rooms: list[_Room]) -> list[Deployment] | None:
    """One deployment over the sites with room, its tokens in proportion to the instances that carry load."""
    gpus, loaded, spares = deployment.option.gpus, deployment.instances, deployment.spares
    pieces = []
    for room in rooms:
        here = room.holds(gpus, loaded + spares)
        if here == 0:
            continue
        running = min(here, loaded)
        share = running / deployment.instances
        tokens = {workload: rate * share for workload, rate in deployment.tokens_per_s.items() if share > 0}
        pieces.append(
            replace(
                deployment,
                supply=room.site.name,
                instances=running,
                spares=here - running,
                tokens_per_s=tokens,
            )
        )
        room.take(here * gpus)
        loaded, spares = loaded - running, spares - (here - running)
    return pieces if loaded + spares == 0 else None
