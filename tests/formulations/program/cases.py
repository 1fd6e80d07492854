"""Hand-made options and programs: ordinary numbers whose arithmetic fits in a comment."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from formulations.options import Option, Role
from formulations.program.build import build_program
from formulations.program.data import Cap, ProgramData, Spares, SupplyData, WorkloadData, program_data
from planner.problem.effort import Effort
from planner.problem.highs import SolverResult, solve_program

EXACT = Effort(gap=0.0, time_limit_s=20.0, threads=1)


def option(
    name: str = "small",
    limit: float | dict[str, float] | None = None,
    *,
    step: float | list[float] = 0.01,
    sequence: float | list[list[float]] = 0.0,
    workloads: tuple[str, ...] = ("chat",),
    resource: str | tuple[str, ...] = "hbm",
    kind: str = "",
    gpus: int = 1,
    role: Role = "aggregated",
    tokens_per_step: float = 1.0,
) -> Option:
    """An option with one roof for each number in `step`, and one resource or several.

    `limit` is the largest whole batch, of every workload or by name; `step` seconds per step, `sequence` seconds per
    sequence-step (by roof and workload). Without a limit the option is a measured one: no steps, `sequence` alone.
    """
    steps = np.atleast_1d(np.asarray(step, dtype=float))
    shape = (len(steps), len(workloads))
    names = (resource,) if isinstance(resource, str) else resource
    by_workload = [limit.get(w, 0.0) if isinstance(limit, dict) else limit or 0.0 for w in workloads]
    measured = limit is None
    return Option(
        id=name,
        kind=kind or name,
        model="model",
        accelerator="gpu",
        gpus=gpus,
        role=role,
        workloads=workloads,
        tokens_per_step=np.full(len(workloads), tokens_per_step),
        roofs=("memory", "compute")[: len(steps)],
        step_s=np.zeros(len(steps)) if measured else steps,
        sequence_s=np.broadcast_to(np.asarray(sequence, dtype=float), shape).copy(),
        resources=() if measured else names,
        batch_limit=np.empty((0, len(workloads))) if measured else np.array([by_workload] * len(names)),
    )


def measured(name: str, tokens_per_s: float, **fields: Any) -> Option:
    """A measured option: one instance serves that many tokens per second of every workload."""
    return option(name, None, sequence=1.0 / tokens_per_s, **fields)


def supply(
    name: str = "pool", price: float = 1.0, limit: int | None = None, unit: int = 1, **fields: Any
) -> SupplyData:
    """Accelerators at `price` $/h each; `power_kw` and `availability` by name."""
    counts = {"cost": price, "gpus": 1.0, "power": fields.get("power_kw") or 0.0}
    return SupplyData(name, limit, unit, fields.get("availability", 1.0), counts)


def capped(supplies: tuple[SupplyData, ...], objective: str, most: float) -> Cap:
    """A limit on what all supplies count under an objective."""
    return Cap(objective, most, {s.name: s.per_unit(objective) for s in supplies})


def program(
    options: list[Option],
    demand: dict[str, float],
    supplies: tuple[SupplyData, ...] = (),
    *,
    max_kinds: int | None = None,
    spare_number: int = 0,
    spare_share: float = 0.0,
    budget_usd_per_hour: float | None = None,
    power_limit_kw: float | None = None,
    **fields: Any,
) -> ProgramData:
    """Every option in every supply that can hold an instance of it."""
    places = supplies or (supply(),)
    limits = {"cost": budget_usd_per_hour, "power": power_limit_kw}
    caps = [capped(places, name, most) for name, most in limits.items() if most is not None]
    fields = {"caps": (*caps, *fields.pop("caps", ())), **fields}
    pairs = [
        (found, place)
        for found in options
        for place in places
        if place.limit is None or -(-found.gpus // place.unit) * place.unit <= place.limit
    ]
    work = tuple(WorkloadData(name, tokens, max_kinds) for name, tokens in demand.items())
    return program_data(pairs, places, work, spares=Spares(spare_number, spare_share), **fields)


def solved(data: ProgramData, objective: str = "cost") -> tuple[pyo.ConcreteModel, SolverResult]:
    """The program built and solved to optimality."""
    model = build_program(data, objective)
    return model, solve_program(model, EXACT)


def cheapest(data: ProgramData) -> float | None:
    """Cost of the cheapest plan in $/h; None where there is none."""
    result = solved(data)[1]
    return None if result.objective is None else result.objective * data.scale("cost")


def instances(model: pyo.ConcreteModel) -> dict[tuple[str, str], int]:
    """Instances by option and supply, where there are any."""
    counts = {key: round(pyo.value(variable)) for key, variable in model.Instances.items()}
    return {key: count for key, count in counts.items() if count}
