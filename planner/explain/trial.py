"""Trials: one study solved many times with something changed, within one time limit."""

from __future__ import annotations

from planner.by_hand.greedy import greedy
from planner.clock import Clock
from planner.errors import InputError
from planner.objectives import COST
from planner.operation.costs import total
from planner.problem.answer import Answer
from planner.problem.data import data_for
from planner.problem.effort import effort
from planner.problem.problem import Problem
from planner.problem.program import Adaptation, relax, run
from planner.problem.solve import solve
from planner.problem.termination import Termination
from planner.questions.ask import question_of

SMALLEST_TIME_S = 0.5
"""Even late trials get this long; a trial that runs out is reported as undecided, never as an answer."""
LARGEST_SHARE = 0.25
ANY_PLAN = 0.5
"""Gap of a solve that only asks whether there is a plan."""


class Trial:
    """A clock for all trials of one explanation."""

    def __init__(self, seconds: float, counted: Trial | None = None) -> None:
        self.clock = Clock(seconds)
        self.solves = 0
        self.counted = counted
        """The trial that this one is a part of."""

    def count(self) -> None:
        """Note one solve."""
        self.solves += 1
        if self.counted is not None:
            self.counted.count()

    @property
    def left_s(self) -> float:
        """Seconds left; never below what one trial needs."""
        return max(SMALLEST_TIME_S, self.clock.left())

    @property
    def solve_s(self) -> float:
        """Seconds that one solve may take, so that no single one uses up what is left for the others."""
        return max(SMALLEST_TIME_S, LARGEST_SHARE * self.left_s)

    def part(self, share: float) -> Trial:
        """A trial with that share of what is left; its solves count here too."""
        return Trial(share * self.left_s, self)

    @property
    def over(self) -> bool:
        """Whether the time is used up."""
        return self.clock.expired

    def feasible(self, problem: Problem) -> bool | None:
        """Whether any plan serves the study; None where the time ran out first."""
        self.count()
        question = question_of(problem.with_solver(seconds=self.solve_s))
        if not question.demands_all:
            try:
                answer = question.any_plan(ANY_PLAN)
            except InputError:
                return True  # without that limit nothing holds throughput back
            return _known(answer.allocation is not None, answer.termination)
        study = problem.study
        data = data_for(study, problem.limits, problem.options().options)
        if not data.offers_for_all:
            return False
        if greedy(data, COST.name) is not None:
            return True
        limits, asked = effort(study, gap=ANY_PLAN, seconds=self.solve_s), Adaptation(COST.name)
        if relax(data, limits, asked).termination == "infeasible":
            return False
        outcome = run(data, limits, asked)
        return _known(outcome.allocation is not None, outcome.termination)

    def answer(self, problem: Problem, gap: float | None = None) -> Answer:
        """The study's own question, solved to its gap (or another) in the time left; no simpler plan is looked for."""
        self.count()
        timed = problem.with_solver(seconds=self.solve_s, gap=gap)
        question = question_of(timed)
        return solve(timed, question.goal) if question.demands_all else question.answer()


def _known(found: bool, termination: Termination) -> bool | None:
    if found:
        return True
    return False if termination == "infeasible" else None


def cost_of(answer: Answer) -> float | None:
    """$ per hour of an answer's fleet, or None without one."""
    return None if answer.allocation is None else total(answer.study, answer.allocation, COST)
