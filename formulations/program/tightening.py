"""Tightening: an offer that serves something has an instance, even where a fraction of one would do.

Where all of a workload's demand needs less than one instance of an offer, the time budget lets the relaxation buy that
fraction; the share served is a better bound, and one that no integrality tolerance can slip through:

    Limit_Share:  SequenceRate[w] / demand[w] ≤ Instances          (valid: the share is at most 1)
"""

from __future__ import annotations

import pyomo.environ as pyo

from formulations.program.data import ProgramData
from formulations.program.linear import weighted


def add(model: pyo.ConcreteModel, data: ProgramData) -> None:
    """Add the share rows where they are tighter than the time budget."""
    demand = {workload.name: workload.demand / data.lot[workload.name] for workload in data.workloads}
    small = [
        (*offer.key, workload)
        for offer in data.offers
        for workload, instances in zip(offer.option.workloads, offer.instances_for_all, strict=True)
        if instances < 1.0 and workload not in model.SCALED
    ]
    model.SMALL_SERVICES = pyo.Set(dimen=3, initialize=small, doc="rates that need less than one instance")

    def limit(model: pyo.ConcreteModel, option: str, supply: str, workload: str) -> object:
        rate = (1.0 / demand[workload], model.SequenceRate[option, supply, workload])
        return weighted([rate, (-1.0, model.Instances[option, supply])]) <= 0.0

    model.Limit_Share = pyo.Constraint(
        model.SMALL_SERVICES, rule=limit, doc="share served within instances [1]"
    )
