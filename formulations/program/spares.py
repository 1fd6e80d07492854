"""Spares: instances kept for failures, per deployment; the larger of a number and a share of those that carry load."""

from __future__ import annotations

import pyomo.environ as pyo

from formulations.program.data import ProgramData
from formulations.program.deployments import add_used, deployments
from formulations.program.linear import weighted


def add(model: pyo.ConcreteModel, data: ProgramData) -> None:
    """Add spare instances: Spares ≥ share·Σ Instances, and Spares ≥ number where the deployment is used."""
    wanted = data.spares.number > 0 or data.spares.share > 0
    offers = deployments(data) if wanted else {}
    model.SPARED = pyo.Set(dimen=2, initialize=list(offers), doc="kind, supply with spares")
    model.Spares = pyo.Var(
        model.SPARED, domain=pyo.NonNegativeIntegers, doc="instances without load [instances]"
    )
    if not wanted:
        return

    def share(model: pyo.ConcreteModel, kind: str, supply: str) -> object:
        loaded = [(data.spares.share, model.Instances[offer.key]) for offer in offers[kind, supply]]
        return weighted([*loaded, (-1.0, model.Spares[kind, supply])]) <= 0.0

    def number(model: pyo.ConcreteModel, kind: str, supply: str) -> object:
        used = (float(data.spares.number), model.Used[kind, supply])
        return weighted([used, (-1.0, model.Spares[kind, supply])]) <= 0.0

    if data.spares.share > 0:
        model.Limit_Spare_Share = pyo.Constraint(
            model.SPARED, rule=share, doc="spares cover a share [instances]"
        )
    if data.spares.number > 0:
        add_used(model, data)
        model.Limit_Spare_Number = pyo.Constraint(
            model.SPARED, rule=number, doc="spares cover a number [instances]"
        )
