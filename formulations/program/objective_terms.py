"""What each objective counts, as (coefficient, variable): the objective itself and the limit that keeps it read this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyomo.environ as pyo

from formulations.program import costs, power
from formulations.program.data import ProgramData

Terms = list[tuple[float, Any]]


def cost(model: pyo.ConcreteModel, data: ProgramData) -> Terms:
    """The ledger [money units per hour]."""
    return costs.entries(model, data)


def gpus(model: pyo.ConcreteModel, data: ProgramData) -> Terms:
    """Accelerators, whole units counted [GPUs]."""
    return [(float(supply.unit), model.Units[supply.name]) for supply in data.supplies]


def draw(model: pyo.ConcreteModel, data: ProgramData) -> Terms:
    """What the bought accelerators draw [kW]."""
    return power.entries(model, data)


def throughput(model: pyo.ConcreteModel, data: ProgramData) -> Terms:
    """What the scaled workloads get [multiples of their demand, or lots where none was given]."""
    return [(1.0, model.Throughput)]


TERMS: dict[str, tuple[int, Callable[[pyo.ConcreteModel, ProgramData], Terms]]] = {
    "cost": (pyo.minimize, cost),
    "gpus": (pyo.minimize, gpus),
    "power": (pyo.minimize, draw),
    "throughput": (pyo.maximize, throughput),
}
