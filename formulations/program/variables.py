"""Index sets and decision variables: how many instances, how many steps they run, and what they serve."""

from __future__ import annotations

import pyomo.environ as pyo

from formulations.program.data import ProgramData


def add(model: pyo.ConcreteModel, data: ProgramData) -> None:
    """Add the sets of feasible tuples and the variables over them."""
    stepping = [offer for offer in data.offers if offer.option.resources]
    model.SUPPLIES = pyo.Set(initialize=[s.name for s in data.supplies], doc="accelerators that can be had")
    model.WORKLOADS = pyo.Set(initialize=[w.name for w in data.workloads], doc="streams of requests")
    model.OFFERS = pyo.Set(dimen=2, initialize=[o.key for o in data.offers], doc="option, supply")
    model.STEPPING = pyo.Set(
        dimen=2, initialize=[o.key for o in stepping], doc="offers whose steps are modelled"
    )
    model.SERVICES = pyo.Set(
        dimen=3,
        initialize=[(*o.key, workload) for o in data.offers for workload in o.option.workloads],
        doc="option, supply, workload that it may serve",
    )
    model.SCALED = pyo.Set(initialize=list(data.scaled), doc="workloads whose demand the question multiplies")
    model.Throughput = pyo.Var(
        domain=pyo.NonNegativeReals, doc="what the scaled workloads get [multiples of their demand]"
    )
    if not data.scaled:
        model.Throughput.fix(1.0)
    model.Instances = pyo.Var(
        model.OFFERS, domain=pyo.NonNegativeIntegers, doc="instances that carry load [instances]"
    )
    model.StepRate = pyo.Var(
        model.STEPPING,
        domain=pyo.NonNegativeReals,
        doc="step rate times the longest fixed part of a step [instances kept busy by it]",
    )
    model.SequenceRate = pyo.Var(
        model.SERVICES, domain=pyo.NonNegativeReals, doc="what is served of a workload here [lots]"
    )
