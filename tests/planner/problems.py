"""Problems as tests make them."""

from __future__ import annotations

from formulations.program.data import ProgramData
from planner.options.levels import Estimate
from planner.problem.data import data_for
from planner.problem.problem import Problem


def data_of(problem: Problem, estimate: Estimate = "over") -> ProgramData:
    """The program's data of a problem under an estimate."""
    return data_for(problem.study, problem.limits, problem.options(estimate).options)
