"""Time budget: in one second every instance has one second to spend.

Under each roof (memory or arithmetic limiting the target's and the draft's matrix multiplications) an offer's instances
are busy for  KernelTime + NetworkTime + MatmulTime[roof] + DraftTime[roof] + PrefillTime.  The true busy time is the
largest of them, so one row per roof *is* the roofline:

    Limit_Busy_Time:  step_load[roof]·StepRate + Σ_w sequence_load[roof, w]·SequenceRate[w] ≤ utilisation·Instances

Roofs that another roof of the same option dominates are not in the data.
"""

from __future__ import annotations

import pyomo.environ as pyo

from formulations.program.data import Offer, ProgramData
from formulations.program.linear import weighted


def busy_terms(model: pyo.ConcreteModel, offer: Offer, roof: int) -> list[tuple[float, object]]:
    """Terms of the busy time of an offer under the roof at that position [instances]."""
    steps = [(offer.step_load[roof], model.StepRate[offer.key])] if offer.option.resources else []
    rates = [
        (load, model.SequenceRate[(*offer.key, workload)])
        for load, workload in zip(offer.sequence_load[roof], offer.option.workloads, strict=True)
    ]
    return [*steps, *rates]


def add(model: pyo.ConcreteModel, data: ProgramData) -> None:
    """Add one time budget per offer and roof."""
    offers = {offer.key: offer for offer in data.offers}
    model.ROOFS = pyo.Set(
        dimen=3,
        initialize=[(*o.key, roof) for o in data.offers for roof in o.option.roofs],
        doc="option, supply, roof",
    )

    def limit(model: pyo.ConcreteModel, option: str, supply: str, roof: str) -> object:
        offer = offers[option, supply]
        terms = busy_terms(model, offer, offer.option.roofs.index(roof))
        return weighted([*terms, (-offer.utilisation, model.Instances[option, supply])]) <= 0.0

    model.Limit_Busy_Time = pyo.Constraint(
        model.ROOFS, rule=limit, doc="busy time under a roof within the instances' time [instances]"
    )
