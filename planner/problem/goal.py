"""Goal: which objective one solve optimises, and which demands it multiplies."""

from __future__ import annotations

from dataclasses import dataclass

from formulations.program.data import ProgramData
from planner.allocation import Allocation
from planner.config.resolved import ResolvedStudy
from planner.objectives import THROUGHPUT, Objective
from planner.operation.costs import served


@dataclass(frozen=True)
class Goal:
    """What one solve asks for."""

    objective: Objective
    scaled: tuple[str, ...] = ()
    """Workloads whose demand is multiplied, together."""

    def scale(self, study: ResolvedStudy, data: ProgramData) -> float:
        """What one unit of the program's objective is in the objective's own unit."""
        if self.objective is not THROUGHPUT:
            return data.scale(self.objective.name)
        whole = {w.name: w.demand if w.demand > 0 else data.lot[w.name] for w in data.workloads}
        return sum(whole[name] / (1 + study.workload(name).safety) for name in self.scaled)

    def value(self, study: ResolvedStudy, allocation: Allocation) -> float:
        """The objective of an allocation, recomputed from units, or from what is served within each workload's margin."""
        if self.objective is not THROUGHPUT:
            return self.objective.total(study.supplies, allocation.units)
        return sum(
            served(allocation.deployments, name) / (1 + study.workload(name).safety) for name in self.scaled
        )

    def better(self, one: float | None, other: float | None) -> bool:
        """Whether `one` is the better objective; anything is better than None."""
        if one is None:
            return False
        if other is None:
            return True
        return one < other if self.objective.sense == "minimise" else one > other

    def tighter(self, one: float | None, other: float | None) -> float | None:
        """The better of two bounds."""
        known = [bound for bound in (one, other) if bound is not None]
        pick = max if self.objective.sense == "minimise" else min
        return pick(known) if known else None
