"""Program: the one recipe from data to an allocation: build, adapt, start, solve, read. Everything that is solved
passes here.

What a question or an explanation wants beside the planning program is an `Adaptation`, as plain data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyomo.environ as pyo

from formulations.program import elastic, entry, sites
from formulations.program.build import build_program
from formulations.program.data import Cap, ProgramData
from formulations.program.objectives import SIMPLEST
from formulations.program.sites import Site
from planner.allocation import Allocation
from planner.clock import Clock
from planner.problem.effort import Effort
from planner.problem.highs import Relaxation, solve_program, solve_relaxation
from planner.problem.read import read_allocation
from planner.problem.start import write_start
from planner.problem.termination import Termination

BUILD_S = 5e-5
"""Seconds that a workload on an offer takes to be built and compiled: 56 and 49 µs on benchmarks fleet b and c."""
Served = tuple[str, str, str]
"""Option, supply and workload."""


@dataclass(frozen=True)
class Fixed:
    """No more than these: instances of each (kind, supply), and units of each supply."""

    instances: Mapping[tuple[str, str], int]
    units: Mapping[str, int]


@dataclass(frozen=True)
class Adaptation:
    """What is asked of a program beside its data."""

    objective: str = "cost"
    """Name of an objective, or `simplest` (of data with `granted`)."""
    start: Allocation | None = None
    """A first solution."""
    fixed: Fixed | None = None
    served: frozenset[Served] | None = None
    """Nothing else may be served."""
    most_throughput: float | None = None
    """Of the scaled workloads, as a multiple of their demand."""
    elastic: tuple[Cap, ...] = ()
    """Limits that may give way; the objective is then by how much, in shares of them."""
    elastic_demand: bool = False
    forced: str = ""
    """A kind that must have an instance."""
    discount: tuple[str, float] | None = None
    """A kind, and $ per hour off each of its instances."""
    markets: Mapping[str, tuple[Site, ...]] = field(default_factory=dict)
    """Sites at which supplies are bought; the objective is then what that costs."""
    without_tightening: bool = False
    """For prices of the next token: rows that only help the integer search hide them."""


@dataclass(frozen=True)
class Outcome:
    """Why a program's solve stopped, and what it holds."""

    termination: Termination
    objective: float | None
    """In the program's unit (`ProgramData.scale`)."""
    bound: float | None
    allocation: Allocation | None
    excess: Mapping[str, float] = field(default_factory=dict)
    """By elastic limit, in shares of it."""


def run(data: ProgramData, effort: Effort, asked: Adaptation = Adaptation()) -> Outcome:
    """Build, adapt and solve a program, and read its solution; all of it takes the time that the effort allows.

    What cannot even be built in that time is not begun.
    """
    clock = Clock(effort.time_limit_s)
    if _too_late(data, clock):
        return Outcome("time_limit", None, None, None)
    model = built(data, asked)
    result = solve_program(model, effort.within(clock.left()), start=asked.start is not None)
    if not result.has_solution:
        return Outcome(result.termination, None, result.bound, None)
    excess = {name: float(pyo.value(model.Excess[name])) for name in getattr(model, "ELASTIC", ())}
    allocation = read_allocation(model, data)
    return Outcome(result.termination, result.objective, result.bound, allocation, excess)


def built(data: ProgramData, asked: Adaptation) -> pyo.ConcreteModel:
    """The adapted program, its variables at the start where there is one."""
    model = build_program(data, asked.objective)
    if asked.without_tightening:
        model.Limit_Share.deactivate()
    if asked.forced:
        entry.force(model, data, asked.forced)
    if asked.discount is not None:
        entry.discount(model, data, *asked.discount)
    if asked.most_throughput is not None:
        model.Throughput.setub(asked.most_throughput)
    if asked.elastic or asked.elastic_demand:
        elastic.relax(model, data, asked.elastic, asked.elastic_demand)
    if asked.markets:
        sites.sell_by_site(model, data, dict(asked.markets))
    if asked.fixed is not None:
        _hold(asked.fixed, model, data)
    if asked.start is not None:
        write_start(model, data, asked.start)
        if asked.markets:
            sites.fill_sites(model, dict(asked.markets))
    if asked.served is not None:
        for key in model.SERVICES:
            if key not in asked.served:
                model.SequenceRate[key].fix(0.0)
    return model


def relax(data: ProgramData, effort: Effort, asked: Adaptation = Adaptation()) -> Relaxation:
    """The linear relaxation of an adapted program, within the same time as `run`."""
    clock = Clock(effort.time_limit_s)
    if _too_late(data, clock):
        return Relaxation("time_limit", None, {}, {})
    model = built(data, asked)
    return solve_relaxation(model, effort.within(clock.left()))


def _too_late(data: ProgramData, clock: Clock) -> bool:
    return BUILD_S * sum(len(offer.option.workloads) for offer in data.offers) > clock.left()


def _hold(fixed: Fixed, model: pyo.ConcreteModel, data: ProgramData) -> None:
    """Every solution of the held program is one of the whole; the bound is not."""
    for offer in data.offers:
        most = fixed.instances.get((offer.option.kind, offer.supply.name), 0)
        model.Instances[offer.key].setub(most)
    for supply in data.supplies:
        model.Units[supply.name].setub(fixed.units[supply.name])


__all__ = ["SIMPLEST", "Adaptation", "Fixed", "Outcome", "Site", "relax", "run"]
