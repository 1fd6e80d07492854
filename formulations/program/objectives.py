"""Objectives: one function each. Adding one is a function and a line in `OBJECTIVES`."""

from __future__ import annotations

from collections.abc import Callable

import pyomo.environ as pyo

from formulations.program import costs, power
from formulations.program.data import ProgramData
from formulations.program.linear import weighted


def cost(model: pyo.ConcreteModel, data: ProgramData) -> pyo.Objective:
    """Cheapest fleet [money units per hour]."""
    return pyo.Objective(expr=costs.total(model, data), sense=pyo.minimize, doc="cost [money units per hour]")


def gpus(model: pyo.ConcreteModel, data: ProgramData) -> pyo.Objective:
    """Fewest accelerators, whole units counted [GPUs]."""
    bought = [(float(supply.unit), model.Units[supply.name]) for supply in data.supplies]
    return pyo.Objective(expr=weighted(bought), sense=pyo.minimize, doc="accelerators [GPUs]")


def least_power(model: pyo.ConcreteModel, data: ProgramData) -> pyo.Objective:
    """Least power [kW]."""
    return pyo.Objective(expr=power.total(model, data), sense=pyo.minimize, doc="power [kW]")


def throughput(model: pyo.ConcreteModel, data: ProgramData) -> pyo.Objective:
    """Most of the scaled workloads' demand [multiples of it, or lots where none was given]."""
    return pyo.Objective(expr=model.Throughput, sense=pyo.maximize, doc="throughput [multiples of demand]")


OBJECTIVES: dict[str, Callable[[pyo.ConcreteModel, ProgramData], pyo.Objective]] = {
    "cost": cost,
    "gpus": gpus,
    "power": least_power,
    "throughput": throughput,
}
