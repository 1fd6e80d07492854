"""Allocation: the solver's answer as plain numbers, free of Pyomo; what certificate, plan and report start from."""

from __future__ import annotations

from dataclasses import dataclass

import pyomo.environ as pyo

from formulations.options import Option
from formulations.program.data import ProgramData

_NOTHING = 1e-9


@dataclass(frozen=True)
class Deployment:
    """Instances of one option in one supply, and what they serve."""

    option: Option
    supply: str
    instances: int
    spares: int
    tokens_per_s: dict[str, float]
    """By workload; of prefill instances: tokens whose prompts they process."""

    @property
    def gpus(self) -> int:
        """Accelerators that its instances take, spares included."""
        return (self.instances + self.spares) * self.option.gpus


@dataclass(frozen=True)
class Allocation:
    """All deployments, and the billing units that hold them."""

    deployments: tuple[Deployment, ...]
    units: dict[str, int]
    """Units bought of each supply."""
    throughput: float
    """What the scaled workloads get, as a multiple of their demand (or tokens/s where they gave none)."""


def read_allocation(model: pyo.ConcreteModel, data: ProgramData) -> Allocation:
    """Read the solved program. Offers without instances are left out, and instances that serve nothing (free places
    in units that are paid for)."""
    spares_left = {key: round(pyo.value(model.Spares[key])) for key in model.SPARED}
    found = []
    for offer in data.offers:
        instances = round(pyo.value(model.Instances[offer.key]))
        if instances == 0:
            continue
        lots = {w: float(pyo.value(model.Flow[(*offer.key, w)])) for w in offer.option.workloads}
        if max(lots.values()) <= _NOTHING:
            continue
        flows = {w: number * data.lot[w] for w, number in lots.items()}
        smallest = _NOTHING * max(flows.values())
        served = {w: flow for w, flow in flows.items() if flow > smallest}
        spares = spares_left.pop((offer.option.kind, offer.supply.name), 0)
        found.append(Deployment(offer.option, offer.supply.name, instances, spares, served))
    units = {supply.name: round(pyo.value(model.Units[supply.name])) for supply in data.supplies}
    return Allocation(tuple(found), units, float(pyo.value(model.Throughput)))
