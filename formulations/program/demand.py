"""Demand: every workload is served in full, by aggregated instances or by decode instances behind prefill instances."""

from __future__ import annotations

import pyomo.environ as pyo

from formulations.program.data import ProgramData
from formulations.program.linear import weighted


def add(model: pyo.ConcreteModel, data: ProgramData) -> None:
    """Add the demand of each workload, and the balance between the two roles of disaggregated serving.

    Balance_Demand:  Σ SequenceRate (aggregated, decode) = demand · Throughput, where Throughput is 1 unless it is asked
    for.
    Balance_Prefill: Σ SequenceRate (decode) ≤ Σ SequenceRate (prefill): a request decoded here had its prompt processed
    there, if it has one.
    """
    demand = {workload.name: workload.demand / data.lot[workload.name] for workload in data.workloads}

    def serve(model: pyo.ConcreteModel, workload: str) -> object:
        rates = [
            (1.0, model.SequenceRate[(*offer.key, workload)])
            for offer in data.offers_for(workload)
            if offer.option.role != "prefill"
        ]
        if workload in model.SCALED:
            wanted = demand[workload] if demand[workload] > 0 else 1.0
            return weighted([*rates, (-wanted, model.Throughput)]) == 0.0
        return weighted(rates) == demand[workload]  # without rates a row that cannot hold, which solving says

    def prefill(model: pyo.ConcreteModel, workload: str) -> object:
        keys = [(offer.option, (*offer.key, workload)) for offer in data.offers_for(workload)]
        decoded = [(1.0, model.SequenceRate[key]) for option, key in keys if option.behind_prefill(workload)]
        prompted = [(-1.0, model.SequenceRate[key]) for option, key in keys if option.role == "prefill"]
        if not decoded:
            return pyo.Constraint.Skip
        return weighted([*decoded, *prompted]) <= 0.0

    model.Balance_Demand = pyo.Constraint(model.WORKLOADS, rule=serve, doc="served equals demanded [lots]")
    model.Balance_Prefill = pyo.Constraint(model.WORKLOADS, rule=prefill, doc="prompts before decode [lots]")
