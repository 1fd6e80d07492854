"""The only module that talks to HiGHS: a Pyomo program in, why it stopped and what we hold out.

Why the solver stopped (optimal, gap reached, time limit, infeasible, error) and what we hold (a solution, a bound,
nothing) are kept apart. HiGHS' own statement is not trusted further than that: the certificate checks every plan again.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pyomo.environ as pyo
from pyomo.common.errors import InfeasibleConstraintException

from planner.problem.duality import weak_duality
from planner.problem.effort import Effort
from planner.problem.matrix import Matrix, Numbers, compile_program
from planner.problem.termination import Termination

SMALL_PROGRAM = 200
"""Integer columns up to which the root node decides; restarts and sub-searches cost more there than they find."""
_SMALL_PROGRAM_SETTINGS = {
    "mip_allow_restart": False,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_feasibility_jump": False,
    "mip_heuristic_run_shifting": True,
}
"""A third of the time of the quickstart at 64 prices, demands and paces: 0.11 s to 0.035 s."""
_threads_in_use: list[int] = []
"""Threads of HiGHS' one scheduler per process; it refuses another number until it is reset."""


@dataclass(frozen=True)
class SolverResult:
    """Why it stopped, and what we hold; values of variables are left in the model when there is a solution."""

    termination: Termination
    objective: float | None
    """Of the solution in the model, in the objective's unit; None without one."""
    bound: float | None
    """No solution is better than this; None where nothing is known."""
    detail: str = ""

    @property
    def has_solution(self) -> bool:
        return self.objective is not None


def solve_program(model: pyo.ConcreteModel, effort: Effort, start: bool = False) -> SolverResult:
    """Solve a program to the gap, leave the solution in its variables, and say why it stopped.

    `start` hands the values that the variables hold to the solver as a first solution.
    """
    try:
        matrix = compile_program(model)
    except InfeasibleConstraintException as error:
        return SolverResult("infeasible", None, None, str(error))
    solver = _loaded(matrix, effort, relaxed=False)
    if matrix.integer.sum() <= SMALL_PROGRAM:
        for name, value in _SMALL_PROGRAM_SETTINGS.items():
            _set(solver, name, value)
    if start:
        solution = highspy.HighsSolution()
        solution.col_value = [0.0 if v.value is None else float(v.value) for v in matrix.columns]
        solver.setSolution(solution)
    solver.run()
    if solver.getModelStatus() == highspy.HighsModelStatus.kUnboundedOrInfeasible:
        _set(solver, "presolve", "off")  # presolve proves one of the two; the search itself says which
        solver.run()
    termination, detail = _termination(solver)
    info = solver.getInfo()
    objective = bound = None
    if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
        values = np.array(solver.getSolution().col_value)
        objective = _polished(solver, matrix, values, info.objective_function_value)
    if matrix.integer.any():
        bound = info.mip_dual_bound if np.isfinite(info.mip_dual_bound) else None
    elif termination == "optimal":
        bound = objective
    return SolverResult(termination, objective, bound, detail)


def _polished(solver: highspy.Highs, matrix: Matrix, values: Numbers, objective: float) -> float:
    """Round the integers and solve the rest again, so that no tolerance of the search is left in the plan."""
    whole = np.round(values)
    columns = np.flatnonzero(matrix.integer).astype(np.int32)
    if len(columns):
        continuous = np.full(len(columns), highspy.HighsVarType.kContinuous.value, dtype=np.uint8)
        solver.changeColsIntegrality(len(columns), columns, continuous)
        solver.changeColsBounds(len(columns), columns, whole[columns], whole[columns])
        solver.run()
        if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
            values = np.array(solver.getSolution().col_value)
            objective = solver.getInfo().objective_function_value
        values[columns] = whole[columns]
    for variable, value in zip(matrix.columns, values, strict=True):
        variable.set_value(float(value), skip_validation=True)
    return float(objective)


Named = tuple[str, Any]
"""A row or variable: its component and its index there. Names are not used, since Pyomo quotes some of them."""


@dataclass(frozen=True)
class Relaxation:
    """The linear relaxation: its value, and the marginal worth of every row (objective per unit of right-hand side)."""

    termination: Termination
    objective: float | None
    duals: dict[Named, float]
    """By constraint, such as (`Balance_Demand`, `chat`)."""
    reduced_costs: dict[Named, float]
    """Objective per unit of the bound that a variable stands at, by variable, such as (`Units`, `h100-sxm`); else 0."""
    proven: float | None = None
    """The bound that the duals prove by arithmetic alone, whatever the solver claims; None where they prove nothing."""
    values: dict[Named, float] = field(default_factory=dict)
    """Values of the variables that are not 0."""


@dataclass(frozen=True)
class LinearResult:
    """Why it stopped, and the optimum of a linear program; meaningless where there is none."""

    termination: Termination
    objective: float
    values: Numbers
    row_duals: Numbers
    column_duals: Numbers


def solve_linear(matrix: Matrix, effort: Effort) -> LinearResult:
    """Solve a program without integrality."""
    solver = _loaded(matrix, effort, relaxed=True)
    solver.run()
    solution = solver.getSolution()
    return LinearResult(
        _termination(solver)[0],
        float(solver.getInfo().objective_function_value),
        np.array(solution.col_value),
        np.array(solution.row_dual),
        np.array(solution.col_dual),
    )


def solve_relaxation(model: pyo.ConcreteModel, effort: Effort) -> Relaxation:
    """Solve the program without integrality; variables of the model keep their values."""
    try:
        matrix = compile_program(model)
    except InfeasibleConstraintException:
        return Relaxation("infeasible", None, {}, {})
    found = solve_linear(matrix, effort)
    if found.termination != "optimal":
        return Relaxation(found.termination, None, {}, {})
    columns = [_named(variable) for variable in matrix.columns]
    return Relaxation(
        found.termination,
        found.objective,
        dict(zip(map(_named, matrix.rows), found.row_duals.tolist(), strict=True)),
        dict(zip(columns, found.column_duals.tolist(), strict=True)),
        weak_duality(matrix, found.row_duals),
        {name: value for name, value in zip(columns, found.values.tolist(), strict=True) if value},
    )


def _named(entry: Any) -> Named:
    return entry.parent_component().local_name, entry.index()


def _loaded(matrix: Matrix, effort: Effort, relaxed: bool) -> highspy.Highs:
    """A solver that holds the program."""
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = matrix.a.shape
    lp.col_cost_, lp.offset_ = matrix.cost, matrix.offset
    lp.sense_ = highspy.ObjSense.kMaximize if matrix.maximise else highspy.ObjSense.kMinimize
    lp.col_lower_, lp.col_upper_ = matrix.column_lower, matrix.column_upper
    lp.row_lower_, lp.row_upper_ = matrix.row_lower, matrix.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.a.indptr, matrix.a.indices
    lp.a_matrix_.value_ = matrix.a.data
    if not relaxed:
        kinds = highspy.HighsVarType
        lp.integrality_ = [kinds.kInteger if whole else kinds.kContinuous for whole in matrix.integer]
    solver = _solver(effort)
    solver.passModel(lp)
    return solver


def _quiet_solver() -> highspy.Highs:
    """A solver without its banner: HiGHS 1.16 prints one while it is made, before any option can turn it off."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            return highspy.Highs()
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _solver(effort: Effort) -> highspy.Highs:
    """A solver with its own tolerances.

    At 1e-9 instead, HiGHS 1.16 called 17.42 optimal where 17.11 is, for 2 of 12 seeds of one program with coefficients of
    0.03 to 300; at its defaults for none. `_polished` takes the rounding out.
    """
    if _threads_in_use != [effort.threads]:
        highspy.Highs.resetGlobalScheduler(True)
        _threads_in_use[:] = [effort.threads]
    solver = _quiet_solver()
    _set(solver, "output_flag", False)
    _set(solver, "mip_rel_gap", effort.gap)
    _set(solver, "mip_abs_gap", 0.0)
    _set(solver, "time_limit", effort.time_limit_s)
    _set(solver, "threads", effort.threads)
    _set(solver, "random_seed", effort.seed)
    if effort.target is not None:
        _set(solver, "objective_target", effort.target)
    if effort.nodes is not None:
        _set(solver, "mip_max_nodes", effort.nodes)
    if not effort.presolve:
        _set(solver, "presolve", "off")
    return solver


def _set(solver: highspy.Highs, option: str, value: object) -> None:
    if solver.setOptionValue(option, value) == highspy.HighsStatus.kError:
        raise ValueError(f"HiGHS refuses option {option} = {value!r}")


def _termination(solver: highspy.Highs) -> tuple[Termination, str]:
    status = solver.getModelStatus()
    names = highspy.HighsModelStatus
    detail = str(solver.modelStatusToString(status))
    if status == names.kOptimal:
        gap = solver.getInfo().mip_gap
        return ("optimal" if not np.isfinite(gap) or gap <= 1e-9 else "gap_reached"), detail
    if status == names.kObjectiveTarget:
        return "gap_reached", detail
    if status == names.kInfeasible:
        return "infeasible", detail
    if status == names.kUnbounded:
        return "unbounded", detail
    if status in (names.kTimeLimit, names.kInterrupt, names.kIterationLimit, names.kSolutionLimit):
        return "time_limit", detail
    return "error", detail
