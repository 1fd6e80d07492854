"""A first solution for the solver: an allocation written back into a program's variables."""

from __future__ import annotations

import pyomo.environ as pyo

from formulations.program.data import ProgramData
from planner.allocation import Allocation, Deployment


def write_start(model: pyo.ConcreteModel, data: ProgramData, allocation: Allocation) -> None:
    """Set instances, rates, spares, units and the binaries of use as the allocation has them.

    Step rates are the least that the batch limits allow, which keeps instances least busy. Variables of other concerns
    stay unset; the solver completes them.
    """
    here = {(d.option.id, d.supply): d for d in allocation.deployments}
    for offer in data.offers:
        deployment = here.get(offer.key)
        served = deployment.tokens_per_s if deployment else {}
        model.Instances[offer.key].set_value(deployment.instances if deployment else 0)
        rates = [served.get(name, 0.0) / data.lot[name] for name in offer.option.workloads]
        for name, rate in zip(offer.option.workloads, rates, strict=True):
            model.SequenceRate[(*offer.key, name)].set_value(rate)
        if offer.option.resources:
            model.StepRate[offer.key].set_value(float((offer.step_rate_per_lot @ rates).max()))
    for key in model.SPARED:
        model.Spares[key].set_value(
            sum(d.spares for d in allocation.deployments if (d.option.kind, d.supply) == key)
        )
    for name, units in allocation.units.items():
        model.Units[name].set_value(units)
    if not model.Throughput.fixed:
        model.Throughput.set_value(allocation.throughput)
    if data.granted is not None:
        _write_use(model, here)


def _write_use(model: pyo.ConcreteModel, here: dict[tuple[str, str], Deployment]) -> None:
    """Binaries of `formulations.program.simplicity`, from the values just set."""
    for key in model.OFFERS:
        model.Running[key].set_value(int(key in here))
    for key in model.SERVICES:
        model.Feeding[key].set_value(int(pyo.value(model.SequenceRate[key]) > 0))
    for key in model.DEPLOYMENTS:
        model.Used[key].set_value(0)
    for deployment in here.values():
        model.Used[deployment.option.kind, deployment.supply].set_value(1)
