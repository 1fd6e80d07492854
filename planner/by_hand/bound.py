"""A bound made by hand: every workload at the best price that physics allows, as if nothing else stood in its way.

    objective ≥ Σ_w demand_w · min over accelerators of (seconds per token · what one counts per second)

Limits, whole instances and units, and spares only add to it. The same sum under anything that is limited (a budget,
power, the accelerators that can be had) says how far demands can be multiplied. It takes milliseconds, so there is a
bound wherever the time limit ends a search (ours).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from formulations.program.data import ProgramData
from planner.config.resolved import ResolvedStudy
from planner.objectives import Objective
from planner.options.least import Least


def least_total(study: ResolvedStudy, data: ProgramData, least: Least, objective: Objective) -> float | None:
    """No plan counts less than this under an objective that supplies count; None where nothing serves a workload."""
    counts = {supply.name: supply.counts[objective.name] for supply in data.supplies}
    total = sum(_of_each(study, data, least, counts).values())
    return total if math.isfinite(total) else None


def most_scaled(study: ResolvedStudy, data: ProgramData, least: Least) -> float | None:
    """No plan serves more of the scaled workloads than this, as a multiple of their demand (of a lot, where that is 0);
    None where no limit ends it."""
    multiples = []
    for most, counts in _limited(data):
        each = _of_each(study, data, least, counts)
        scaled = sum(each[name] for name in data.scaled)
        rest = most - sum(value for name, value in each.items() if name not in data.scaled)
        if 0.0 < scaled < math.inf:
            multiples.append(max(rest, 0.0) / scaled)
    return min(multiples, default=None)


def _of_each(
    study: ResolvedStudy, data: ProgramData, least: Least, counts: Mapping[str, float]
) -> dict[str, float]:
    """What each workload counts at least, of accelerators that count so much in each supply."""
    prices: dict[str, float] = {}
    for supply in study.supplies:
        share = study.config.utilisation * supply.availability
        price = counts.get(supply.name, 0.0) / share
        prices[supply.accelerator_name] = min(price, prices.get(supply.accelerator_name, math.inf))
    found = {}
    for workload in data.workloads:
        demand = workload.demand or (data.lot[workload.name] if workload.name in data.scaled else 0.0)
        prompted = study.workload(workload.name).prompted
        found[workload.name] = demand * least.price(workload.name, prompted, prices) if demand else 0.0
    return found


def _limited(data: ProgramData) -> Iterator[tuple[float, Mapping[str, float]]]:
    """(most, what one accelerator counts in each supply) of every cap on units, and of the supplies together."""
    units = {supply.name: supply.unit for supply in data.supplies}
    for cap in data.caps:
        yield cap.most, {name: each / units[name] for name, each in cap.per_unit.items()}
    limits = [supply.limit for supply in data.supplies]
    if None not in limits:
        yield float(sum(limit for limit in limits if limit is not None)), dict.fromkeys(units, 1.0)
