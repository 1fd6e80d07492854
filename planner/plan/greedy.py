"""A plan made by hand: the cheapest option for each workload, one after the other. The solver must at least equal it.

Written without Pyomo and HiGHS. Its cost is an upper limit of the optimum wherever it finds a plan; a claimed optimum
above it is an error of the solver. Pools are not shared, so it says nothing where sharing is needed.
"""

from __future__ import annotations

import math

from formulations.program.data import Offer, ProgramData


def greedy_cost(data: ProgramData) -> float | None:
    """$ per hour of the greedy plan, or None where limits, power or budget stop it.

    For each workload, the offer with the least cost for all of its demand (whole instances in whole units, spares) that the
    supply's limit still allows.
    """
    if (
        any(w.max_kinds is not None and w.max_kinds < 1 for w in data.workloads)
        or data.power_limit_kw is not None
    ):
        return None
    left = {s.name: math.inf if s.limit is None else s.limit // s.unit for s in data.supplies}
    total = 0.0
    for workload in data.workloads:
        choices = []
        for offer in data.offers_for(workload.name):
            if offer.option.role != "aggregated":
                continue
            units = _units(offer, workload.name, data)
            if units <= left[offer.supply.name]:
                choices.append(
                    (units * offer.supply.unit * offer.supply.usd_per_hour, units, offer.supply.name)
                )
        if not choices:
            return None
        cost, units, supply = min(choices)
        left[supply] -= units
        total += cost
    return total


def _units(offer: Offer, workload: str, data: ProgramData) -> int:
    needed = float(offer.instances_for_all[offer.row_of_workload(workload)])
    if not math.isfinite(needed):
        return 0
    instances = math.ceil(needed * (1 - 1e-9))
    instances += max(data.spare_number, math.ceil(data.spare_share * instances - 1e-9))
    size, unit = offer.option.gpus, offer.supply.unit
    per_unit = unit // size
    return math.ceil(instances / per_unit) if per_unit else instances * math.ceil(size / unit)
