"""The Pareto frontier of any two of cost, pace and throughput: one is swept over its values, the other optimised at each.

Pace is swept where it is traded, else throughput; every point is a plan with its bound and gap, found as a question of
its own on the same physics (ε-constraint). Points that another one beats in both are left out; values at which there is
no plan are named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from planner.clock import Clock
from planner.config.resolved import ResolvedStudy, ResolvedWorkload
from planner.config.schema.question import Axis
from planner.config.variants import with_workloads
from planner.errors import InputError
from planner.objectives import COST, OBJECTIVES, THROUGHPUT
from planner.operation.costs import per_million, served, total
from planner.problem.answer import Answer
from planner.problem.goal import Goal
from planner.problem.problem import Problem
from planner.problem.solve import solve
from planner.problem.termination import Termination
from planner.questions.minimise import CHEAPEST
from planner.questions.pace import kept_pace, refuse_unmeasured_pace, search_pace
from planner.questions.question import Question
from planner.questions.simplify import simplify
from planner.questions.throughput import as_served, is_bounded, or_none, refuse_unbounded, scaled

_END = 0.02
"""How closely the fastest pace of the fleet is looked for before the sweep."""
_SEARCH = 0.2
"""Share of the time for that search."""
_SIMPLIFY = 0.25
"""Share of a point's time for its simpler plan."""
_SAME = 1e-9


@dataclass(frozen=True)
class Point:
    """One plan of the frontier."""

    swept: float
    """What every plan here gets at least, in the unit of the swept axis."""
    optimised: float
    """The best of the other."""
    answer: Answer


@dataclass(frozen=True)
class Frontier:
    """Plans that no other one found beats in both; along the swept axis."""

    study: ResolvedStudy
    axes: tuple[Axis, Axis]
    """Swept, optimised."""
    workload: str | None
    points: tuple[Point, ...]
    beaten: int
    """Points left out because another is at least as good in both."""
    without_plan: tuple[float, ...]
    """Values of the swept axis at which no plan was found."""
    seconds: float
    termination: Termination = "optimal"
    """Why the search for the first point stopped."""

    def rows(self) -> list[dict[str, Any]]:
        """One record per point, units in the names: both axes, cost per million tokens, bound, gap, status, fleet."""
        return [self._row(point) for point in self.points]

    def _row(self, point: Point) -> dict[str, Any]:
        swept, optimised = self.axes
        answer = point.answer
        allocation = answer.allocation
        assert allocation is not None
        tokens = sum(
            served(allocation.deployments, workload.name) / (1 + workload.safety)
            for workload in answer.study.workloads
        )
        cost = total(answer.study, allocation, COST)
        units = {s.name: allocation.units[s.name] * s.unit for s in answer.study.supplies}
        return {
            OBJECTIVES[swept].column: point.swept,
            OBJECTIVES[optimised].column: point.optimised,
            "usd_per_million_tokens": per_million(cost, tokens),
            "bound": float("nan") if answer.bound is None else answer.bound,
            "gap": float("nan") if answer.gap is None else answer.gap,
            "solution": answer.holds,
            "gpus": sum(units.values()),
            "fleet": " + ".join(f"{count} {name}" for name, count in units.items() if count),
        }


@dataclass(frozen=True)
class TracedFrontier(Question):
    """`question: {frontier: [one, other]}`."""

    @property
    def swept(self) -> Axis:
        """The one that is swept."""
        return "pace" if "pace" in self._axes else "throughput"

    @property
    def optimised(self) -> Axis:
        """The one that is optimised at each value of the other."""
        first, second = self._axes
        return second if first == self.swept else first

    @property
    def _axes(self) -> tuple[Axis, Axis]:
        asked = self.problem.study.config.question.frontier
        assert asked is not None
        return asked

    @property
    def goal(self) -> Goal:
        return CHEAPEST if self.optimised == "cost" else Goal(THROUGHPUT, scaled(self.problem.study))

    def answer(self, simplest: bool = True) -> Answer:
        """A frontier has many answers; raises `InputError` that says so (`trace` has them)."""
        file = self.problem.study.file
        raise InputError(
            [f"{file}: question.frontier has many answers, not one plan; trace it as a frontier"]
        )

    def trace(self) -> Frontier:
        """Trace the frontier; raises `InputError` where one end is open."""
        problem, study = self.problem, self.problem.study
        asked = study.config.question
        clock = Clock(study.config.solver.time_limit_s)
        axes = (self.swept, self.optimised)
        if self.swept == "pace":
            refuse_unmeasured_pace(problem, self._workload)
        if self.optimised == "throughput":
            refuse_unbounded(problem)
        ends = asked.between or self._ends(clock)
        if not isinstance(ends, tuple):
            return Frontier(study, axes, asked.workload, (), 0, (), clock.elapsed, ends)
        values = (np.geomspace if self.swept == "pace" else np.linspace)(*ends, asked.points)
        points: list[Point] = []
        missing: list[float] = []
        for place, value in enumerate(values):
            point = self._point(float(value), max(0.1, clock.left()) / (len(values) - place))
            if point is None:
                missing.append(float(value))
            else:
                points.append(point)
        kept = _undominated(points, lower_is_better=self.optimised == "cost")
        beaten = len(points) - len(kept)
        return Frontier(study, axes, asked.workload, tuple(kept), beaten, tuple(missing), clock.elapsed)

    def _point(self, value: float, seconds: float) -> Point | None:
        """The best plan at one value of the swept axis, or None where none was found."""
        changed = self._at(value)
        answer = or_none(solve(changed.with_solver(seconds=(1 - _SIMPLIFY) * seconds), self.goal))
        if answer.allocation is None:
            return None
        answer = replace(simplify(answer, _SIMPLIFY * seconds), study=changed.study)
        answer = as_served(answer)
        assert answer.objective is not None
        if self.swept == "pace":
            value = kept_pace(answer, self._workload) / (1 + self._safety)
        return Point(value, answer.objective, answer)

    @property
    def _workload(self) -> str:
        """Whose pace is traded."""
        asked = self.problem.study.config.question.workload
        assert asked is not None
        return asked

    @property
    def _safety(self) -> float:
        return self.problem.study.workload(self._workload).safety

    def _at(self, value: float) -> Problem:
        """The problem as the value asks: a pace, or a multiple of the demands that adds up to it."""
        study = self.problem.study
        names = scaled(study)
        total_demand = sum(w.asked_demand for w in study.workloads if w.name in names)

        def change(workload: ResolvedWorkload) -> ResolvedWorkload:
            if workload.name not in names:
                return workload
            if self.swept == "pace":
                return replace(workload, pace=value * (1 + workload.safety))
            if total_demand == 0:
                return replace(workload, demand=value * (1 + workload.safety))
            return replace(workload, demand=workload.demand * value / total_demand)

        return self.problem.changed(with_workloads, change)

    def _ends(self, clock: Clock) -> tuple[float, float] | Termination:
        """Lowest and highest value worth asking for; where there is no plan at all, why the search for one stopped."""
        problem, study = self.problem, self.problem.study
        share = _SEARCH * clock.left()
        if self.swept == "pace":
            searching = Clock(share)
            lowest = solve(problem.with_solver(seconds=share), self.goal)
            if lowest.allocation is None:
                return lowest.termination
            found = search_pace(problem, self._workload, self.goal, {}, _END, searching, 0.0)
            slowest = kept_pace(lowest, self._workload)
            return slowest / (1 + self._safety), max(found.served, slowest) / (1 + self._safety)
        if not is_bounded(problem):
            return _from_demand(study)
        most = or_none(solve(problem.with_solver(seconds=share), Goal(THROUGHPUT, scaled(study))))
        if most.objective is None:
            return most.termination
        return most.objective / study.config.question.points, most.objective * (1 - _SAME)


def _from_demand(study: ResolvedStudy) -> tuple[float, float]:
    """Where nothing ends the throughput: up to twice what is demanded."""
    names = scaled(study)
    demand = sum(w.asked_demand for w in study.workloads if w.name in names)
    if demand <= 0:
        raise InputError(
            [
                f"{study.file}: question.between is missing [lowest, highest tokens/s]: neither a demand nor a limit "
                "says how far the throughput is to be traced"
            ]
        )
    return 2 * demand / study.config.question.points, 2 * demand


def _undominated(points: list[Point], lower_is_better: bool) -> list[Point]:
    """Points that no other beats in both, from the lowest swept value; of equal ones the first."""
    sign = 1.0 if lower_is_better else -1.0
    worth: Callable[[Point], float] = lambda point: sign * point.optimised  # noqa: E731
    kept: list[Point] = []
    for point in sorted(points, key=lambda point: (-point.swept, worth(point))):
        margin = _SAME * abs(point.optimised)
        if not kept or worth(point) < worth(kept[-1]) - margin:
            kept.append(point)
    return kept[::-1]
