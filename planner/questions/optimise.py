"""One optimisation, proven for the exact physics: a plan from over-estimates, a bound from under-estimates.

Where both estimates are the same options the solver's own bound is the answer. Elsewhere (touched experts, protocol
switches within one pool of several workloads) the program of chords is solved for the bound, and intervals between
points are halved until the gap asked for holds or halving no longer helps.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pyomo.environ as pyo

from formulations.program.build import build_program
from formulations.program.data import ProgramData
from planner.config.resolve import ResolvedStudy
from planner.options.build import OptionSet, OptionSource
from planner.options.pieces import Estimate
from planner.plan.allocation import Allocation, read_allocation
from planner.questions.answer import Answer, Sense, relative_gap
from planner.solve.highs import SolverOptions, SolverResult, Termination, solve_program
from planner.solve.program import data_for

MOST_REFINEMENTS = 3
"""Each halves the intervals and quarters the error; three leave 1/64 of it."""


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


@dataclass
class _Clock:
    """Seconds by stage, and what is left of the time limit."""

    limit_s: float
    start: float = field(default_factory=time.perf_counter)
    spent: dict[str, float] = field(default_factory=dict)

    def left(self) -> float:
        return max(0.05, self.limit_s - (time.perf_counter() - self.start))

    def timed(self, stage: str, since: float) -> None:
        self.spent[stage] = self.spent.get(stage, 0.0) + time.perf_counter() - since


def optimise(source: OptionSource, goal: Goal) -> Answer:
    """Solve `goal` for the source's study to the gap that its config asks for, within its time limit."""
    study = source.study
    clock = _Clock(study.study.solver.time_limit_s)
    best: tuple[SolverResult, Allocation | None, OptionSet, ProgramData] | None = None
    bound: float | None = None
    termination: Termination = "error"
    for refinement in range(MOST_REFINEMENTS + 1):
        options, data, model = _program(source, goal, "over", refinement, clock)
        result = _solve(model, study, clock)
        allocation = read_allocation(model, data) if result.has_solution else None
        if best is None or _better(result, best[0], goal):
            best = (result, allocation, options, data)
        termination = result.termination
        lower = result.bound
        if not options.exact:
            _, under_data, under = _program(source, goal, "under", refinement, clock)
            relaxed = _solve(under, study, clock)
            if relaxed.termination == "infeasible":
                termination = "infeasible"
                break
            lower = _scaled(relaxed.bound, goal, under_data)
        else:
            lower = _scaled(lower, goal, data)
        bound = _tighter(bound, lower, goal)
        gap = relative_gap(_scaled(best[0].objective, goal, best[3]), bound)
        if options.exact or result.termination == "time_limit" or clock.left() < 0.1:
            break
        if gap is not None and gap <= study.study.solver.gap:
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


def _program(
    source: OptionSource, goal: Goal, estimate: Estimate, refinement: int, clock: _Clock
) -> tuple[OptionSet, ProgramData, pyo.ConcreteModel]:
    since = time.perf_counter()
    options = source.options(estimate, refinement)
    clock.timed("options", since)
    since = time.perf_counter()
    data = data_for(
        source.study, options.options, budget_usd_per_hour=goal.budget_usd_per_hour, scaled=goal.scaled
    )
    model = build_program(data, goal.objective)
    clock.timed("build", since)
    return options, data, model


def _solve(model: pyo.ConcreteModel, study: ResolvedStudy, clock: _Clock) -> SolverResult:
    since = time.perf_counter()
    settings = study.study.solver
    result = solve_program(
        model, SolverOptions(settings.gap / 2, clock.left(), settings.threads, settings.seed)
    )
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
