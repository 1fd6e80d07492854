"""The next best plans that differ in kinds: each does without at least one kind of every plan before it.

Best first over sets of forbidden kinds (ours, after Lawler's and Murty's partition for k best solutions): a plan of kinds
{A, B} splits what is left into "without A" and "without B", and each part is a question of its own whose options are
screened again, so that a kind that was never needed before can step in. No cut and no binary enters the program.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from planner.options.build import OptionSource
from planner.problem.answer import Answer
from planner.problem.optimise import Goal, optimise
from planner.problem.settings import with_solver
from planner.questions.goals import goal_of, throughput_goal, within_budget
from planner.questions.simplify import simplify
from planner.questions.throughput import as_served

_ROUNDING = 1e-9
_MOST_PARTS = 200
"""Parts to solve at most; a guard, since time usually ends the search first."""


@dataclass(frozen=True)
class Alternatives:
    """Plans from the best on; the first is the answer itself."""

    answers: tuple[Answer, ...]
    complete: bool
    """Whether every better plan is listed; False where time ended the search."""

    def rows(self) -> list[dict[str, Any]]:
        """One record per plan: objective, how much worse than the best, bound, gap, and the kinds in use."""
        best = self.answers[0].objective or 0.0
        return [
            {
                "plan": number,
                "objective": answer.objective or 0.0,
                "unit": answer.unit,
                "worse_by": abs((answer.objective or 0.0) - best) / max(abs(best), 1e-12),
                "gap": float("nan") if answer.gap is None else answer.gap,
                "without": ", ".join(sorted(kinds_of(self.answers[0]) - kinds_of(answer))),
                "kinds": ", ".join(sorted(kinds_of(answer))),
            }
            for number, answer in enumerate(self.answers, start=1)
        ]


def kinds_of(answer: Answer) -> frozenset[str]:
    """The kinds that a plan uses."""
    deployments = answer.allocation.deployments if answer.allocation else ()
    return frozenset(deployment.option.kind for deployment in deployments)


def next_best(
    source: OptionSource,
    best: Answer,
    goal: Goal,
    count: int,
    within: float,
    seconds: float | None = None,
) -> Alternatives:
    """Up to `count` plans after `best` (an answer to `goal` on `source`), at most the share `within` worse.

    Every one lacks a kind of each plan before it, and none that does is better by more than the gap. Solves about one
    question for each kind of each listed plan, in `seconds` (default: the config's time limit).
    """
    accepted = [best]
    if best.allocation is None or best.objective is None:
        return Alternatives((best,), True)
    limit = source.study.config.solver.time_limit_s if seconds is None else seconds
    deadline = time.perf_counter() + limit
    worst = best.objective * (1 + within if goal.sense == "minimise" else 1 - within)
    if goal.objective == "cost":
        capped = worst * (1 + _ROUNDING)
        goal = within_budget(goal, min(capped, goal.budget_usd_per_hour or capped))
    search = _Search(source, goal, worst, deadline)
    search.split(frozenset(), kinds_of(best))
    while len(accepted) <= count:
        found = search.pop()
        if found is None:
            break
        forbidden, answer = found
        kinds = kinds_of(answer)
        containing = next((kinds_of(a) for a in accepted if kinds_of(a) <= kinds), None)
        if containing is None:
            answer = simplify(answer, goal, min(2.0, max(0.05, deadline - time.perf_counter())))
            kinds = kinds_of(answer)
            containing = next((kinds_of(a) for a in accepted if kinds_of(a) <= kinds), None)
        if containing is None:
            accepted.append(replace(answer, study=best.study))
            containing = kinds
        search.split(forbidden, containing)
    return Alternatives(tuple(accepted), search.complete)


def alternatives_to(source: OptionSource, best: Answer) -> Alternatives | None:
    """The alternatives that the config asks for, to its answer; None where it asks for none."""
    config = source.study.config
    if config.alternatives is None:
        return None
    question = config.question
    goal = throughput_goal(source.study) if question.maximise == "throughput" else goal_of(question)
    found = next_best(source, best, goal, config.alternatives.count, config.alternatives.within)
    answers = tuple(as_served(replace(a, study=source.study), goal.scaled) for a in found.answers)
    return replace(found, answers=answers)


@dataclass
class _Search:
    """Parts of the question, each with some kinds forbidden, from the best on."""

    source: OptionSource
    goal: Goal
    worst: float
    deadline: float

    def __post_init__(self) -> None:
        self.queue: list[tuple[float, int, frozenset[str], Answer]] = []
        self.seen: set[frozenset[str]] = set()
        self.complete = True
        self._order = itertools.count()

    def split(self, forbidden: frozenset[str], kinds: Iterable[str]) -> None:
        """Solve what is left when each of `kinds` in turn is forbidden as well."""
        for kind in sorted(kinds):
            part = forbidden | {kind}
            left = self.deadline - time.perf_counter()
            if part in self.seen:
                continue
            if left <= 0 or len(self.seen) >= _MOST_PARTS:
                self.complete = False
                return
            self.seen.add(part)
            answer = optimise(with_solver(self.source.forbidding(*part), time_limit_s=left), self.goal)
            if answer.allocation is None or answer.objective is None:
                self.complete = self.complete and answer.termination == "infeasible"
                continue
            sign = 1.0 if self.goal.sense == "minimise" else -1.0
            if sign * answer.objective <= sign * self.worst * (1 + sign * _ROUNDING):
                heapq.heappush(self.queue, (sign * answer.objective, next(self._order), part, answer))

    def pop(self) -> tuple[frozenset[str], Answer] | None:
        """The best part left, or None."""
        if not self.queue:
            return None
        _, _, part, answer = heapq.heappop(self.queue)
        return part, answer
