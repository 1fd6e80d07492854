"""Read a solved program: the values of its variables as an allocation, free of Pyomo."""

from __future__ import annotations

import pyomo.environ as pyo

from formulations.program.data import ProgramData
from planner.allocation import Allocation, Deployment, steady

_NOTHING = 1e-9
"""Lots below this are rounding, whatever a lot is: 1e-5 tokens/s beside 1e7 are served like any other demand."""


def read_allocation(model: pyo.ConcreteModel, data: ProgramData) -> Allocation:
    """Read the solved program. Offers without instances are left out, and instances that serve nothing (free places
    in units that are paid for)."""
    spares_left = {key: round(pyo.value(model.Spares[key])) for key in model.SPARED}
    found = []
    for offer in data.offers:
        instances = round(pyo.value(model.Instances[offer.key]))
        if instances == 0:
            continue
        lots = {w: float(pyo.value(model.SequenceRate[(*offer.key, w)])) for w in offer.option.workloads}
        if max(lots.values()) <= _NOTHING:
            continue
        served = {w: number * data.lot[w] for w, number in lots.items() if number > _NOTHING}
        spares = spares_left.pop((offer.option.kind, offer.supply.name), 0)
        found.append(Deployment(offer.option, offer.supply.name, instances, spares, served))
    units = {supply.name: round(pyo.value(model.Units[supply.name])) for supply in data.supplies}
    return steady(tuple(found), units, float(pyo.value(model.Throughput)))
