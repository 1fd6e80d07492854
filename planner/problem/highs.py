"""The only module that talks to HiGHS: a Pyomo program in, why it stopped and what we hold out.

Why the solver stopped (optimal, gap reached, time limit, infeasible, error) and what we hold (a solution, a bound,
nothing) are kept apart. HiGHS' own statement is not trusted further than that: the certificate checks every plan again.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import highspy
import numpy as np
import pyomo.environ as pyo
from numpy.typing import NDArray
from pyomo.common.errors import InfeasibleConstraintException
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy import sparse

Termination = Literal["optimal", "gap_reached", "time_limit", "infeasible", "unbounded", "error"]

_ROUNDING = 1e-7
"""Reduced costs below this are the solver's dual tolerance."""
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
class SolverOptions:
    """How exactly, how long and with how many threads."""

    gap: float = 1e-4
    time_limit_s: float = 60.0
    threads: int = 2
    seed: int = 0
    presolve: bool = True
    target: float | None = None
    """Stop at a solution at least this good, whatever the gap of the search itself."""


@dataclass(frozen=True)
class SolverResult:
    """Why it stopped, and what we hold; values of variables are left in the model when there is a solution."""

    termination: Termination
    objective: float | None
    """Of the solution in the model, in the objective's unit; None without one."""
    bound: float | None
    """No solution is better than this; None where nothing is known."""
    seconds: float
    rows: int = 0
    columns: int = 0
    detail: str = ""

    @property
    def has_solution(self) -> bool:
        return self.objective is not None


@dataclass(frozen=True)
class Matrix:
    """A program as HiGHS takes it, and the Pyomo objects behind its rows and columns."""

    lp: highspy.HighsLp
    columns: list[Any]
    rows: list[Any]
    integer: NDArray[np.bool_]


def compile_program(model: pyo.ConcreteModel) -> Matrix:
    """Compile a linear Pyomo program to sparse columns; variables and rows keep their order."""
    form = LinearStandardFormCompiler().write(model, mixed_form=True, set_sense=None)
    a = form.A.tocsc()
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(form.columns), len(form.rows)
    lp.col_cost_ = np.asarray(form.c.toarray(), dtype=float).ravel()
    lp.offset_ = float(np.ravel(form.c_offset)[0])
    lp.sense_ = (
        highspy.ObjSense.kMinimize if form.objectives[0].sense == pyo.minimize else highspy.ObjSense.kMaximize
    )
    infinity = highspy.kHighsInf
    lower = [-infinity if v.lb is None else float(v.lb) for v in form.columns]
    upper = [infinity if v.ub is None else float(v.ub) for v in form.columns]
    lp.col_lower_, lp.col_upper_ = np.array(lower), np.array(upper)
    rhs = np.asarray(form.rhs, dtype=float)
    kind = np.array([row.bound_type for row in form.rows], dtype=int)
    lp.row_lower_ = np.where(kind <= 0, rhs, -infinity)
    lp.row_upper_ = np.where(kind >= 0, rhs, infinity)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = a.indptr, a.indices, a.data
    integer = np.array([not v.is_continuous() for v in form.columns])
    return Matrix(lp, list(form.columns), [row.constraint for row in form.rows], integer)


def solve_program(model: pyo.ConcreteModel, options: SolverOptions, start: bool = False) -> SolverResult:
    """Solve a program to the gap, leave the solution in its variables, and say why it stopped.

    `start` hands the values that the variables hold to the solver as a first solution.
    """
    begin = time.perf_counter()
    try:
        matrix = compile_program(model)
    except (
        InfeasibleConstraintException
    ) as error:  # a row without variables, such as the demand of what nothing serves
        return SolverResult("infeasible", None, None, time.perf_counter() - begin, detail=str(error))
    kinds = highspy.HighsVarType
    matrix.lp.integrality_ = [kinds.kInteger if i else kinds.kContinuous for i in matrix.integer]
    solver = _solver(options)
    if matrix.integer.sum() <= SMALL_PROGRAM:
        for name, value in _SMALL_PROGRAM_SETTINGS.items():
            _set(solver, name, value)
    solver.passModel(matrix.lp)
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
    return SolverResult(
        termination,
        objective,
        bound,
        time.perf_counter() - begin,
        matrix.lp.num_row_,
        matrix.lp.num_col_,
        detail,
    )


def _polished(solver: highspy.Highs, matrix: Matrix, values: NDArray[np.float64], objective: float) -> float:
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


@dataclass(frozen=True)
class Relaxation:
    """The linear relaxation: its value, and the marginal worth of every row (objective per unit of right-hand side)."""

    objective: float | None
    duals: dict[str, float]
    """By constraint name, such as `Balance_Demand[chat]`."""
    reduced_costs: dict[str, float]
    """Objective per unit of the bound that a variable stands at, by variable name, such as `Units[h100-sxm]`; else 0."""
    proven: float | None = None
    """The bound that the duals prove by arithmetic alone, whatever the solver claims; None where they prove nothing."""
    values: dict[str, float] = field(default_factory=dict)
    """Values of the variables that are not 0, by name."""


def solve_relaxation(model: pyo.ConcreteModel, options: SolverOptions) -> Relaxation:
    """Solve the program without integrality; variables of the model keep their values."""
    try:
        matrix = compile_program(model)
    except InfeasibleConstraintException:
        return Relaxation(None, {}, {})
    solver = _solver(options)
    solver.passModel(matrix.lp)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return Relaxation(None, {}, {})
    solution = solver.getSolution()
    return Relaxation(
        float(solver.getInfo().objective_function_value),
        dict(zip((row.name for row in matrix.rows), solution.row_dual, strict=True)),
        dict(zip((variable.name for variable in matrix.columns), solution.col_dual, strict=True)),
        weak_duality(matrix, np.array(solution.row_dual)),
        {v.name: value for v, value in zip(matrix.columns, solution.col_value, strict=True) if value},
    )


def weak_duality(matrix: Matrix, duals: NDArray[np.float64]) -> float | None:
    """The bound on a minimum that given row duals prove, without the solver; None where they prove nothing.

    For any y with the right signs,  c·x ≥ Σ_rows y·(the side that its sign points to) + Σ_columns min (c − Aᵀy)·x  over
    the columns' bounds. Duals of the wrong sign are set to 0, and so are reduced costs within `_ROUNDING` of 0 on
    unbounded columns.
    """
    lp = matrix.lp
    if lp.sense_ != highspy.ObjSense.kMinimize:
        return None
    infinite = highspy.kHighsInf
    side = [np.asarray(lp.row_lower_), np.asarray(lp.row_upper_)]
    y = np.where((duals > 0) & (side[0] <= -infinite), 0.0, duals)
    y = np.where((y < 0) & (side[1] >= infinite), 0.0, y)
    a = sparse.csc_array(
        (np.asarray(lp.a_matrix_.value_), np.asarray(lp.a_matrix_.index_), np.asarray(lp.a_matrix_.start_)),
        shape=(lp.num_row_, lp.num_col_),
    )
    reduced = np.asarray(lp.col_cost_) - a.T @ y
    lower, upper = np.asarray(lp.col_lower_), np.asarray(lp.col_upper_)
    at = np.where(reduced > 0, lower, upper)
    unbounded = np.abs(at) >= infinite
    if np.any(unbounded & (np.abs(reduced) > _ROUNDING)):
        return None
    rows = np.where(y > 0, side[0], np.where(y < 0, side[1], 0.0)) @ y
    columns = np.where(unbounded, 0.0, at) @ reduced
    return float(lp.offset_ + rows + columns)


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


def _solver(options: SolverOptions) -> highspy.Highs:
    """A solver with its own tolerances.

    At 1e-9 instead, HiGHS 1.16 called 17.42 optimal where 17.11 is, for 2 of 12 seeds of one program with coefficients of
    0.03 to 300; at its defaults for none. `_polished` takes the rounding out.
    """
    if _threads_in_use != [options.threads]:
        highspy.Highs.resetGlobalScheduler(True)
        _threads_in_use[:] = [options.threads]
    solver = _quiet_solver()
    _set(solver, "output_flag", False)
    _set(solver, "mip_rel_gap", options.gap)
    _set(solver, "mip_abs_gap", 0.0)
    _set(solver, "time_limit", options.time_limit_s)
    _set(solver, "threads", options.threads)
    _set(solver, "random_seed", options.seed)
    if options.target is not None:
        _set(solver, "objective_target", options.target)
    if not options.presolve:
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
