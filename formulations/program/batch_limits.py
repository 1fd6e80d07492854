"""Batch limits: memory and pace, in whole batches.

A running sequence of w takes 1/limit[w] of an instance under each resource (HBM; the pace under each roof), limit being
the largest whole batch of w alone. Running sequences are Σ SequenceRate, instances stepping are StepRate:

    Σ_w SequenceRate[w] / limit[resource, w] ≤ StepRate

Because limits are rounded down to whole batches, this row implies both the plain memory row (Σ KV bytes ≤ free HBM) and
the plain pace row (V·StepRate ≥ pace·BusyTime), which therefore do not stand beside it (ours).
"""

from __future__ import annotations

from collections.abc import Callable

import pyomo.environ as pyo

from formulations.program.data import ProgramData
from formulations.program.linear import weighted


def batch_rule(data: ProgramData) -> Callable[..., object]:
    """The rule  Σ_w step_rate_per_lot[resource, w]·SequenceRate[w] ≤ StepRate  by option, supply and resource."""
    offers = {offer.key: offer for offer in data.offers}

    def limit(model: pyo.ConcreteModel, option: str, supply: str, resource: str) -> object:
        offer = offers[option, supply]
        needs = offer.step_rate_per_lot[offer.option.resources.index(resource)]
        rates = [
            (need, model.SequenceRate[option, supply, workload])
            for need, workload in zip(needs, offer.option.workloads, strict=True)
        ]
        return weighted([*rates, (-1.0, model.StepRate[option, supply])]) <= 0.0

    return limit


def resources(data: ProgramData, memory: bool) -> list[tuple[str, str, str]]:
    """(option, supply, resource) of the memory rows, or of the pace rows."""
    return [
        (*offer.key, resource)
        for offer in data.offers
        for resource in offer.option.resources
        if (resource == MEMORY) == memory
    ]


MEMORY = "hbm"
"""Name of the memory resource; every other resource is a pace under a roof."""
