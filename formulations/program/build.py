"""Build the program: every concern in its order. Adding a constraint is one file and one line here."""

from __future__ import annotations

import pyomo.environ as pyo

from formulations.program import (
    budget,
    busy_time,
    costs,
    demand,
    kinds,
    memory,
    pace,
    power,
    simplicity,
    spares,
    supply,
    tightening,
    variables,
)
from formulations.program.data import ProgramData
from formulations.program.objectives import OBJECTIVES

CONCERNS = (
    variables,
    busy_time,
    memory,
    pace,
    demand,
    tightening,
    spares,
    supply,
    costs,
    budget,
    power,
    kinds,
    simplicity,
)


def build_program(data: ProgramData, objective: str = "cost") -> pyo.ConcreteModel:
    """The mixed-integer program of docs/program.md for `data`, with one of `objectives.OBJECTIVES`."""
    model = pyo.ConcreteModel(name="fleetplan")
    for concern in CONCERNS:
        concern.add(model, data)
    model.Objective = OBJECTIVES[objective](model, data)
    return model
