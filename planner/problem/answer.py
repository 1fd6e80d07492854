"""Answer: what a question leaves behind for plan and certificate; why it stopped and what it holds kept apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from formulations.program.data import ProgramData
from planner.allocation import Allocation
from planner.config.resolved import ResolvedStudy
from planner.options.build import OptionSet
from planner.problem.highs import Termination

Sense = Literal["minimise", "maximise"]
Holds = Literal["proven", "feasible", "none"]


@dataclass(frozen=True)
class Answer:
    """An allocation with its objective and bound in the question's unit, or none and why."""

    study: ResolvedStudy
    sense: Sense
    unit: str
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
    before_simplifying: float | None = None
    """Objective of the plan that a simpler one has replaced; None where none has."""
    remarks: tuple[str, ...] = ()
    """What a reader of the plan must know about how the question was understood."""

    @property
    def gap(self) -> float | None:
        """Relative distance between objective and bound; None where one is missing."""
        return relative_gap(self.objective, self.bound)

    @property
    def linearisation_error(self) -> float:
        """Share of the bound that over-estimates cost; 0 where over- and under-estimates are one."""
        return relative_gap(self.plan_bound, self.bound) or 0.0

    @property
    def holds(self) -> Holds:
        """`proven` where the gap asked for holds for the exact physics, before any cost given up for simplicity."""
        if self.allocation is None or self.objective is None:
            return "none"
        asked = self.study.config.solver.gap
        found = self.objective if self.before_simplifying is None else self.before_simplifying
        gap = relative_gap(found, self.bound)
        return "proven" if gap is not None and gap <= asked + 1e-9 else "feasible"


def relative_gap(objective: float | None, bound: float | None) -> float | None:
    """|objective − bound| / |objective|; 0 where both are 0, None where one is missing."""
    if objective is None or bound is None:
        return None
    distance = abs(objective - bound)
    return 0.0 if distance == 0 else distance / max(abs(objective), 1e-12)
