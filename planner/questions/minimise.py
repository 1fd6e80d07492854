"""Minimise: the fleet that counts least (cost, accelerators, power, carbon) and serves every demand."""

from __future__ import annotations

from dataclasses import dataclass

from planner.clock import Clock
from planner.objectives import COST, OBJECTIVES
from planner.problem.answer import Answer
from planner.problem.goal import Goal
from planner.problem.solve import solve
from planner.questions.question import Question
from planner.questions.simplify import simplify

CHEAPEST = Goal(COST)
"""The cheapest fleet: what other questions are made of."""


@dataclass(frozen=True)
class Minimise(Question):
    """`question: {minimise: …}`."""

    @property
    def goal(self) -> Goal:
        asked = self.problem.study.config.question.minimise
        assert asked is not None
        return Goal(OBJECTIVES[asked])

    def answer(self, simplest: bool = True) -> Answer:
        clock = Clock(self.problem.study.config.solver.time_limit_s)
        found = solve(self.problem, self.goal)
        wanted = simplest or self.problem.study.config.simplicity > 0
        return simplify(found, clock.left()) if wanted else found

    def any_plan(self, gap: float) -> Answer:
        return solve(self.problem.with_solver(gap=gap), self.goal)
