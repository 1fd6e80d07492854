"""Build the program: every concern in its order.

A limit on a sum over the fleet is data (`data.Cap`) and needs nothing here; rows of another form are one file and one
line.
"""

from __future__ import annotations

import pyomo.environ as pyo

from formulations.program import (
    busy_time,
    caps,
    demand,
    kinds,
    memory,
    pace,
    simplicity,
    spares,
    supply,
    tightening,
    variables,
)
from formulations.program.data import ProgramData
from formulations.program.objectives import objective as add_objective

CONCERNS = (
    variables,
    busy_time,
    memory,
    pace,
    demand,
    tightening,
    spares,
    supply,
    caps,
    kinds,
    simplicity,
)


def build_program(data: ProgramData, objective: str = "cost") -> pyo.ConcreteModel:
    """The mixed-integer program of docs/program.md for `data`, to one objective."""
    model = pyo.ConcreteModel(name="fleetplan")
    for concern in CONCERNS:
        concern.add(model, data)
    model.Objective = add_objective(model, data, objective)
    return model
