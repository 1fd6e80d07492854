"""Trials: one study solved many times with something changed, within one time limit."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from formulations.program.build import build_program
from planner.by_hand.greedy import greedy
from planner.errors import InputError
from planner.explain.variants import with_time
from planner.operation.costs import supply_costs
from planner.options.build import OptionSource
from planner.problem.answer import Answer
from planner.problem.data import data_for
from planner.problem.highs import SolverOptions, solve_program, solve_relaxation
from planner.problem.optimise import optimise
from planner.questions.ask import ask
from planner.questions.goals import goal_of

SMALLEST_TIME_S = 0.5
"""Even late trials get this long; a trial that runs out is reported as undecided, never as an answer."""
LARGEST_SHARE = 0.25
ANY_PLAN = 0.5
"""Gap of a solve that only asks whether there is a plan."""


@dataclass
class Trial:
    """A clock for all trials of one explanation."""

    seconds: float
    begin: float = field(default_factory=time.perf_counter)
    solves: int = 0
    counted: Trial | None = None
    """The trial that this one is a part of."""

    def count(self) -> None:
        """Note one solve."""
        self.solves += 1
        if self.counted is not None:
            self.counted.count()

    @property
    def left_s(self) -> float:
        """Seconds left; never below what one trial needs."""
        return max(SMALLEST_TIME_S, self.seconds - (time.perf_counter() - self.begin))

    @property
    def solve_s(self) -> float:
        """Seconds that one solve may take, so that no single one uses up what is left for the others."""
        return max(SMALLEST_TIME_S, LARGEST_SHARE * self.left_s)

    def part(self, share: float) -> Trial:
        """A trial with that share of what is left; its solves count here too."""
        return Trial(share * self.left_s, counted=self)

    @property
    def over(self) -> bool:
        """Whether the time is used up."""
        return time.perf_counter() - self.begin >= self.seconds

    def feasible(self, source: OptionSource) -> bool | None:
        """Whether any plan serves the study; None where the time ran out first."""
        self.count()
        study = source.study
        if study.config.question.minimise is None:
            try:
                answer = ask(with_time(source, self.solve_s, ANY_PLAN))
            except InputError:
                return True  # without that limit nothing holds throughput back
            return _known(answer.allocation is not None, answer.termination)
        data = data_for(
            study,
            source.options().options,
            budget_usd_per_hour=study.config.question.budget_usd_per_hour,
        )
        if any(not data.offers_for(workload.name) for workload in study.workloads):
            return False
        if greedy(data) is not None:
            return True
        model = build_program(data)
        settings = SolverOptions(
            ANY_PLAN, self.solve_s, study.config.solver.threads, study.config.solver.seed
        )
        if solve_relaxation(model, settings).objective is None:
            return False
        result = solve_program(model, settings)
        return _known(result.has_solution, result.termination)

    def answer(self, source: OptionSource, gap: float | None = None) -> Answer:
        """The study's own question, solved to its gap (or another) in the time left; no simpler plan is looked for."""
        self.count()
        question = source.study.config.question
        timed = with_time(source, self.solve_s, source.study.config.solver.gap if gap is None else gap)
        return optimise(timed, goal_of(question)) if question.minimise else ask(timed)


def _known(found: bool, termination: str) -> bool | None:
    if found:
        return True
    return False if termination == "infeasible" else None


def optimum(answer: Answer) -> float | None:
    """The best objective that was found, before any of it was given up for a simpler plan."""
    return answer.objective if answer.before_simplifying is None else answer.before_simplifying


def cost_of(answer: Answer) -> float | None:
    """$ per hour of an answer's fleet, or None without one."""
    if answer.allocation is None:
        return None
    return sum(supply_costs(answer.study, answer.allocation).values())
