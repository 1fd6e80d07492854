"""The Pareto frontier of any two of cost, pace and throughput: one is swept over its values, the other optimised at each.

Pace is swept where it is traded, else throughput; every point is a plan with its bound and gap, found as a question of
its own on the same physics (ε-constraint). Points that another one beats in both are left out; values at which there is
no plan are named.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from planner.config.resolved import ResolvedStudy, ResolvedWorkload
from planner.config.schema import Axis
from planner.errors import InputError
from planner.operation.costs import served
from planner.options.build import OptionSource
from planner.problem.answer import Answer
from planner.problem.highs import Termination
from planner.problem.optimise import Goal, optimise
from planner.problem.settings import with_solver
from planner.questions.goals import cost_goal, scaled, throughput_goal
from planner.questions.pace import kept_pace, search_pace
from planner.questions.simplify import simplify
from planner.questions.throughput import as_served, is_bounded, or_none, refuse_unbounded

UNITS: dict[Axis, str] = {"cost": "$/h", "pace": "tokens/s per user", "throughput": "tokens/s"}
COLUMNS: dict[Axis, str] = {
    "cost": "usd_per_hour",
    "pace": "pace_tokens_per_s",
    "throughput": "tokens_per_s",
}
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
        cost = sum(allocation.units[s.name] * s.unit * s.usd_per_hour for s in answer.study.supplies)
        units = {s.name: allocation.units[s.name] * s.unit for s in answer.study.supplies}
        return {
            COLUMNS[swept]: point.swept,
            COLUMNS[optimised]: point.optimised,
            "usd_per_million_tokens": cost / (tokens * 3600 / 1e6),
            "bound": float("nan") if answer.bound is None else answer.bound,
            "gap": float("nan") if answer.gap is None else answer.gap,
            "solution": answer.holds,
            "gpus": sum(units.values()),
            "fleet": " + ".join(f"{count} {name}" for name, count in units.items() if count),
        }


def trace(source: OptionSource) -> Frontier:
    """Trace the frontier that the config's question asks for; raises `InputError` where one end is open."""
    since = time.perf_counter()
    study = source.study
    question = study.config.question
    assert question.frontier is not None
    first, second = question.frontier
    swept: Axis = "pace" if "pace" in (first, second) else "throughput"
    optimised = second if first == swept else first
    deadline = since + study.config.solver.time_limit_s
    if optimised == "throughput":
        refuse_unbounded(source)
    ends = question.between or _ends(source, swept, _goal(source, optimised), deadline)
    if not isinstance(ends, tuple):
        return Frontier(
            study, (swept, optimised), question.workload, (), 0, (), time.perf_counter() - since, ends
        )
    values = (np.geomspace if swept == "pace" else np.linspace)(*ends, question.points)
    points: list[Point] = []
    missing: list[float] = []
    for place, value in enumerate(values):
        left = max(0.1, deadline - time.perf_counter()) / (len(values) - place)
        point = _point(source, swept, optimised, float(value), left)
        if point is None:
            missing.append(float(value))
        else:
            points.append(point)
    kept = _undominated(points, lower_is_better=optimised == "cost")
    return Frontier(
        study, (swept, optimised), question.workload, tuple(kept), len(points) - len(kept), tuple(missing),
        time.perf_counter() - since,
    )  # fmt: skip


def _goal(source: OptionSource, optimised: Axis) -> Goal:
    budget = source.study.config.question.budget_usd_per_hour
    return cost_goal(budget) if optimised == "cost" else throughput_goal(source.study)


def _point(source: OptionSource, swept: Axis, optimised: Axis, value: float, seconds: float) -> Point | None:
    """The best plan at one value of the swept axis, or None where none was found."""
    changed = source.asking(*_changes(source.study, swept, value))
    goal = _goal(source, optimised)
    answer = or_none(optimise(with_solver(changed, time_limit_s=(1 - _SIMPLIFY) * seconds), goal))
    if answer.allocation is None:
        return None
    answer = replace(simplify(answer, goal, _SIMPLIFY * seconds), study=changed.study)
    if optimised == "throughput":
        answer = as_served(answer, goal.scaled)
    assert answer.objective is not None
    if swept == "pace":
        name = source.study.config.question.workload
        assert name is not None
        value = kept_pace(answer, name) / (1 + source.study.workload(name).safety)
    return Point(value, answer.objective, answer)


def _changes(study: ResolvedStudy, swept: Axis, value: float) -> list[ResolvedWorkload]:
    """The workloads as the value asks: a pace, or a multiple of the demands that adds up to it."""
    names = scaled(study)
    workloads = [w for w in study.workloads if w.name in names]
    if swept == "pace":
        return [replace(w, pace=value * (1 + w.safety)) for w in workloads]
    total = sum(w.demand / (1 + w.safety) for w in workloads)
    if total == 0:
        return [replace(w, demand=value * (1 + w.safety)) for w in workloads]
    return [replace(w, demand=w.demand * value / total) for w in workloads]


def _ends(
    source: OptionSource, swept: Axis, goal: Goal, deadline: float
) -> tuple[float, float] | Termination:
    """Lowest and highest value worth asking for; where there is no plan at all, why the search for one stopped."""
    study = source.study
    if swept == "pace":
        name = study.config.question.workload
        assert name is not None
        until = time.perf_counter() + _SEARCH * (deadline - time.perf_counter())
        lowest = optimise(with_solver(source, time_limit_s=until - time.perf_counter()), goal)
        if lowest.allocation is None:
            return lowest.termination
        found = search_pace(source, name, goal, _END, until)
        asked = 1 + study.workload(name).safety
        return kept_pace(lowest, name) / asked, max(found.served, kept_pace(lowest, name)) / asked
    if not is_bounded(source):
        return _from_demand(source)
    most_goal = throughput_goal(study)
    share = _SEARCH * (deadline - time.perf_counter())
    most = or_none(optimise(with_solver(source, time_limit_s=share), most_goal))
    if most.objective is None:
        return most.termination
    return most.objective / study.config.question.points, most.objective * (1 - _SAME)


def _from_demand(source: OptionSource) -> tuple[float, float]:
    """Where nothing ends the throughput: up to twice what is demanded."""
    study = source.study
    names = scaled(study)
    demand = sum(w.demand / (1 + w.safety) for w in study.workloads if w.name in names)
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
