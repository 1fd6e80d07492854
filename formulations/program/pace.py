"""Pace: a step lasts no longer than the option's pace class allows, whichever roof limits it."""

from __future__ import annotations

import pyomo.environ as pyo

from formulations.program.batch_limits import batch_rule, resources
from formulations.program.data import ProgramData


def add(model: pyo.ConcreteModel, data: ProgramData) -> None:
    """Add one row per offer and roof under which the pace can limit the batch (see `batch_limits`)."""
    model.PACE_LIMITS = pyo.Set(
        dimen=3, initialize=resources(data, memory=False), doc="option, supply, resource"
    )
    model.Limit_Pace = pyo.Constraint(
        model.PACE_LIMITS, rule=batch_rule(data), doc="running sequences within the pace [instances]"
    )
