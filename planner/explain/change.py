"""A change of one limit that makes a plan possible, and how one is looked for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import pyomo.environ as pyo

from formulations.program.build import build_program
from formulations.program.data import ProgramData
from planner.allocation import Allocation
from planner.explain.trial import Trial
from planner.options.build import OptionSource
from planner.problem.data import data_for
from planner.problem.highs import SolverOptions

VERIFY_GAP = 0.01
"""Gap of the plan that shows what a relaxation costs."""
CENT = 0.01


@dataclass(frozen=True)
class Change:
    """A change of the config that may make a plan possible; not yet verified."""

    keys: tuple[str, ...]
    sentence: str
    share: float
    """How far it gives way, in shares of what the config says."""
    least: bool
    """Whether anything less was shown not to be enough."""
    apply: Callable[[OptionSource], OptionSource]
    witness: Allocation | None = None
    """A plan for the changed config, where the search for the change found one."""


def solver(source: OptionSource, trial: Trial, gap: float) -> SolverOptions:
    settings = source.study.config.solver
    trial.count()
    return SolverOptions(gap, trial.solve_s, settings.threads, settings.seed)


def program(source: OptionSource) -> tuple[pyo.ConcreteModel, ProgramData]:
    budget = source.study.config.question.budget_usd_per_hour
    data = data_for(source.study, source.options().options, budget_usd_per_hour=budget)
    return build_program(data), data


def ceiling(value: float) -> float:
    return math.ceil(value / CENT - 1e-6) * CENT
