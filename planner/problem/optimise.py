"""One optimisation, proven for the exact physics: a plan from over-estimates, a bound from under-estimates.

Where both estimates are the same options the solver's own bound is the answer. Elsewhere (touched experts, protocol
switches within one pool of several workloads) the program of chords is solved for the bound, and intervals between
points are split until the gap asked for holds or splitting no longer helps.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import pyomo.environ as pyo

from formulations.program.build import build_program
from formulations.program.data import ProgramData
from planner.allocation import Allocation
from planner.config.resolved import ResolvedStudy
from planner.options.build import OptionSet, OptionSource
from planner.options.pieces import Estimate
from planner.problem.answer import Answer, Sense, relative_gap
from planner.problem.bound_first import Guide, guide_from, guided, hold
from planner.problem.clock import Clock
from planner.problem.data import data_for
from planner.problem.decomposition.by_model import separable, together
from planner.problem.highs import SolverOptions, SolverResult, Termination, solve_program
from planner.problem.or_by_hand import or_by_hand
from planner.problem.read import read_allocation
from planner.problem.settings import with_solver
from planner.problem.start import write_start

MOST_REFINEMENTS = 3
"""Each splits every interval and at least quarters the error of a smooth one; three leave 1/64 of it."""
_EXACT = 1e-9
"""A gap below this is rounding: optimal."""


@dataclass(frozen=True)
class Goal:
    """What one optimisation asks for."""

    objective: str
    """Name in `formulations.program.objectives`."""
    sense: Sense
    unit: str
    scale: Callable[[ProgramData], float] = lambda data: 1.0
    """Units of the answer in one unit of the program's objective."""
    budget_usd_per_hour: float | None = None
    scaled: tuple[str, ...] = ()


def optimise(source: OptionSource, goal: Goal) -> Answer:
    """Solve `goal` for the source's study to the gap that its config asks for, within its time limit.

    Model by model where models share nothing but limits, else all together; by hand where the time is too short for both.
    """
    start = time.perf_counter()
    answer = together(source, goal, optimise_jointly) if separable(source, goal) else None
    left = source.study.config.solver.time_limit_s - (time.perf_counter() - start)
    return or_by_hand(answer or optimise_jointly(with_solver(source, time_limit_s=left), goal))


def optimise_jointly(source: OptionSource, goal: Goal) -> Answer:
    """The same in one program for all models."""
    study = source.study
    clock = Clock(study.config.solver.time_limit_s)
    best: tuple[SolverResult, Allocation | None, OptionSet, ProgramData] | None = None
    bound: float | None = None
    termination: Termination = "error"
    for refinement in range(MOST_REFINEMENTS + 1):
        options, data = _data(source, goal, "over", refinement, clock)
        if options.exact:
            result, allocation = _solve(data, goal, study, clock)
            lower = _scaled(result.bound, goal, data)
        else:
            result, allocation, lower = _bounded(source, goal, refinement, clock, data)
        if best is None or _better(result, best[0], goal):
            best = (result, allocation, options, data)
        termination = result.termination
        if termination == "infeasible" and lower is None:
            break
        bound = _tighter(bound, lower, goal)
        gap = relative_gap(_scaled(best[0].objective, goal, best[3]), bound)
        if options.exact or result.termination == "time_limit" or clock.left() < 0.1:
            break
        if gap is not None and gap <= study.config.solver.gap:
            break
    assert best is not None
    result, allocation, options, data = best
    if allocation is None and not options.exact and termination == "infeasible" and bound is not None:
        termination = "time_limit"  # over-estimates are infeasible, under-estimates are not: undecided
    objective = _scaled(result.objective, goal, data)
    return Answer(
        study, goal.sense, goal.unit, termination, allocation, objective,
        bound, _scaled(result.bound, goal, data), options, data, clock.spent,
    )  # fmt: skip


def _bounded(
    source: OptionSource, goal: Goal, refinement: int, clock: Clock, data: ProgramData
) -> tuple[SolverResult, Allocation | None, float | None]:
    """Bound from under-estimates, plan from over-estimates: where the bound's instances allow it, of the same cost.

    Infeasible under-estimates prove that there is no plan: then there is no bound either.
    """
    study = source.study
    _, under_data = _data(source, goal, "under", refinement, clock)
    under = _model(under_data, goal, clock)
    relaxed = _run(under, study, clock, share=0.5)
    if relaxed.termination == "infeasible":
        return replace(relaxed, objective=None, bound=None), None, None
    lower = _scaled(relaxed.bound, goal, under_data)
    start = None
    if relaxed.has_solution:
        guide = guide_from(under, under_data)
        result, start = _solve(guided(guide, data), goal, study, clock, guide=guide)
        gap = relative_gap(_scaled(result.objective, goal, data), lower)
        if gap is not None and gap <= study.config.solver.gap:
            # the optimum of over-estimates lies between the bound and this objective
            proof: Termination = "optimal" if gap <= _EXACT else "gap_reached"
            return replace(result, termination=proof, bound=result.objective), start, lower
    result, allocation = _solve(data, goal, study, clock, start=start)
    if relaxed.termination == "time_limit" and result.has_solution:
        # the bound is not what the search would have found
        result = replace(result, termination="time_limit")
    return result, allocation, lower


def _data(
    source: OptionSource, goal: Goal, estimate: Estimate, refinement: int, clock: Clock
) -> tuple[OptionSet, ProgramData]:
    since = time.perf_counter()
    options = source.options(estimate, refinement)
    clock.timed("options", since)
    since = time.perf_counter()
    data = data_for(
        source.study, options.options, budget_usd_per_hour=goal.budget_usd_per_hour, scaled=goal.scaled
    )
    clock.timed("build", since)
    return options, data


def _model(data: ProgramData, goal: Goal, clock: Clock) -> pyo.ConcreteModel:
    since = time.perf_counter()
    model = build_program(data, goal.objective)
    clock.timed("build", since)
    return model


def _solve(
    data: ProgramData,
    goal: Goal,
    study: ResolvedStudy,
    clock: Clock,
    *,
    guide: Guide | None = None,
    start: Allocation | None = None,
) -> tuple[SolverResult, Allocation | None]:
    """Solve a program, held to a guide or from a first solution where one is given, and read its allocation."""
    model = _model(data, goal, clock)
    if guide is not None:
        hold(guide, model, data)
    if start is not None:
        write_start(model, data, start)
    result = _run(model, study, clock, start=start is not None)
    return result, read_allocation(model, data) if result.has_solution else None


def _run(
    model: pyo.ConcreteModel, study: ResolvedStudy, clock: Clock, *, share: float = 1.0, start: bool = False
) -> SolverResult:
    """Solve within a share of the time left; `start` hands over the values that the variables hold."""
    since = time.perf_counter()
    settings = study.config.solver
    options = SolverOptions(settings.gap / 2, share * clock.left(), settings.threads, settings.seed)
    result = solve_program(model, options, start)
    clock.timed("solve", since)
    return result


def _scaled(value: float | None, goal: Goal, data: ProgramData) -> float | None:
    return None if value is None else value * goal.scale(data)


def _better(result: SolverResult, other: SolverResult, goal: Goal) -> bool:
    if result.objective is None:
        return False
    if other.objective is None:
        return True
    return (
        result.objective < other.objective if goal.sense == "minimise" else result.objective > other.objective
    )


def _tighter(one: float | None, other: float | None, goal: Goal) -> float | None:
    """The better of two bounds."""
    known = [bound for bound in (one, other) if bound is not None]
    if not known:
        return None
    return max(known) if goal.sense == "minimise" else min(known)
