"""Segments of the bound program: chord coefficients hold only for a range of total batch.

    batch_min·StepRate ≤ Σ_w SequenceRate[w] ≤ batch_max·StepRate

The plan program has none: its tangents over-estimate everywhere.
"""

from __future__ import annotations

import pyomo.environ as pyo

from formulations.program.data import Offer, ProgramData
from formulations.program.linear import weighted


def add(model: pyo.ConcreteModel, data: ProgramData) -> None:
    """Add both ends of every segment."""
    offers = {offer.key: offer for offer in data.offers if offer.option.segment is not None}
    model.SEGMENTS = pyo.Set(
        dimen=3,
        initialize=[(*key, end) for key in offers for end in ("low", "high")],
        doc="option, supply, end",
    )

    def link(model: pyo.ConcreteModel, option: str, supply: str, end: str) -> object:
        offer = offers[option, supply]
        assert offer.option.segment is not None
        low, high = offer.option.segment
        edge, sign = (low, -1.0) if end == "low" else (high, 1.0)
        steps = (-sign, model.Steps[option, supply])
        flows = [
            (sign * need / edge, model.Flow[option, supply, workload])
            for need, workload in zip(_steps_per_sequence(offer, data), offer.option.workloads, strict=True)
        ]
        return weighted([*flows, steps]) <= 0.0

    model.Link_Segment = pyo.Constraint(
        model.SEGMENTS, rule=link, doc="total batch within the segment [instances]"
    )


def _steps_per_sequence(offer: Offer, data: ProgramData) -> list[float]:
    """Scaled steps per lot of each workload at a batch of one."""
    reference = float(offer.option.step_s.max())
    tokens = offer.option.tokens_per_step
    return [
        reference * data.lot[workload] / float(value)
        for workload, value in zip(offer.option.workloads, tokens, strict=True)
    ]
