"""Question: what a config asks, as an object: its goal, what is a limit to it, and how it is answered."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from planner.limits.limit import Limit
from planner.problem.answer import Answer
from planner.problem.goal import Goal
from planner.problem.problem import Problem


@dataclass(frozen=True)
class Question(ABC):
    """A problem and what is asked of it."""

    problem: Problem

    demands_all: ClassVar[bool] = True
    """Whether every demand must be served in full, so that limits, and demands themselves, can be asked to give way."""

    @property
    @abstractmethod
    def goal(self) -> Goal:
        """What its solves optimise."""

    @abstractmethod
    def answer(self, simplest: bool = True) -> Answer:
        """The answer; `simplest`: of several plans with the same objective the simplest, which takes a second solve.

        Raises `InputError` where the study cannot be asked this.
        """

    def any_plan(self, gap: float) -> Answer:
        """An answer whose plan need not be good: whether there is one at all."""
        return type(self)(self.problem.with_solver(gap=gap)).answer()

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The limits that may be dropped or stretched, the ones that a user gives up most easily first."""
        return tuple(
            limit
            for limit in self.problem.limits
            if limit.gives_way != "never"
            and not (limit.gives_way == "scaled" and limit.subject in self.goal.scaled)
        )
