"""Memory: weights and the KV cache of the running sequences fit into the instances' HBM."""

from __future__ import annotations

import pyomo.environ as pyo

from formulations.program.batch_limits import batch_rule, resources
from formulations.program.data import ProgramData


def add(model: pyo.ConcreteModel, data: ProgramData) -> None:
    """Add one row per offer whose batch HBM can limit (see `batch_limits`)."""
    model.MEMORY_LIMITS = pyo.Set(
        dimen=3, initialize=resources(data, memory=True), doc="option, supply, resource"
    )
    model.Limit_Memory = pyo.Constraint(
        model.MEMORY_LIMITS, rule=batch_rule(data), doc="running sequences within free HBM [instances]"
    )
