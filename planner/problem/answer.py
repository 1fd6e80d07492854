"""Answer: what a solve leaves behind for plan and certificate; why it stopped and what it holds kept apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from formulations.program.data import ProgramData
from planner.allocation import Allocation
from planner.config.resolved import ResolvedStudy
from planner.objectives import Objective
from planner.options.option_set import OptionSet
from planner.problem.goal import Goal
from planner.problem.termination import EXACT, Termination, relative_gap

Holds = Literal["proven", "feasible", "none"]


@dataclass(frozen=True)
class Answer:
    """An allocation with its objective and bound in the objective's unit, or none and why."""

    study: ResolvedStudy
    goal: Goal
    """What was optimised for the allocation."""
    termination: Termination
    allocation: Allocation | None
    objective: float | None
    bound: float | None
    """No plan in the exact physics, with mean batches under whole-batch limits, is better than this."""
    plan_bound: float | None
    """The same for the program of over-estimates alone; its distance to `bound` is the linearisation error."""
    options: OptionSet
    data: ProgramData
    timings: dict[str, float] = field(default_factory=dict)
    """Seconds by stage."""
    asked: Objective | None = None
    """What the question optimises, where that is another thing than the goal (the pace, by solves for cost)."""
    within: Mapping[str, float] = field(default_factory=dict)
    """Objectives that were kept within a value, beside the config's limits."""
    before_simplifying: float | None = None
    """Objective of the plan that a simpler one has replaced; None where none has."""
    remarks: tuple[str, ...] = ()
    """What a reader of the plan must know about how the question was understood."""

    @property
    def optimised(self) -> Objective:
        """The objective that value and bound are of."""
        return self.asked or self.goal.objective

    @property
    def unit(self) -> str:
        return self.optimised.unit

    @property
    def gap(self) -> float | None:
        """Relative distance between objective and bound; None where one is missing."""
        return relative_gap(self.objective, self.bound)

    @property
    def linearisation_error(self) -> float:
        """Share of the bound that over-estimates cost; 0 where over- and under-estimates are one."""
        return relative_gap(self.plan_bound, self.bound) or 0.0

    @property
    def optimum(self) -> float | None:
        """The best objective that was found, before any of it was given up for a simpler plan."""
        return self.objective if self.before_simplifying is None else self.before_simplifying

    @property
    def holds(self) -> Holds:
        """`proven` where the gap asked for holds for the exact physics, before any cost given up for simplicity."""
        if self.allocation is None or self.objective is None:
            return "none"
        gap = relative_gap(self.optimum, self.bound)
        return "proven" if gap is not None and gap <= self.study.config.solver.gap + EXACT else "feasible"
