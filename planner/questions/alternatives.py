"""The next best plans that differ in kinds: each does without at least one kind of every plan before it.

Best first over sets of forbidden kinds (ours, after Lawler's and Murty's partition for k best solutions): a plan of kinds
{A, B} splits what is left into "without A" and "without B", and each part is a question of its own whose options are
screened again, so that a kind that was never needed before can step in. No cut and no binary enters the program.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from planner.clock import Clock
from planner.problem.answer import Answer
from planner.problem.problem import Problem
from planner.problem.solve import solve
from planner.questions.ask import question_of
from planner.questions.simplify import simplify
from planner.questions.throughput import as_served

_ROUNDING = 1e-9
_MOST_PARTS = 200
"""Parts to solve at most; a guard, since time usually ends the search first."""
_SIMPLIFY = 0.05
"""Share of the time left for the simpler plan of one part."""


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


def next_best(problem: Problem, best: Answer, count: int, within: float, seconds: float) -> Alternatives:
    """Up to `count` plans after `best` (an answer for the problem), at most the share `within` worse.

    Every one lacks a kind of each plan before it, and none that does is better by more than the gap. Solves about one
    question for each kind of each listed plan, in `seconds`.
    """
    accepted = [best]
    if best.allocation is None or best.objective is None:
        return Alternatives((best,), True)
    sign = 1.0 if best.goal.objective.sense == "minimise" else -1.0
    worst = best.objective * (1 + sign * within)
    search = _Search(problem, best, worst, Clock(seconds))
    search.split(frozenset(), kinds_of(best))
    while len(accepted) <= count:
        found = search.pop()
        if found is None:
            break
        forbidden, answer = found
        kinds = kinds_of(answer)
        containing = next((kinds_of(a) for a in accepted if kinds_of(a) <= kinds), None)
        if containing is None:
            answer = simplify(answer, _SIMPLIFY * search.clock.left())
            kinds = kinds_of(answer)
            containing = next((kinds_of(a) for a in accepted if kinds_of(a) <= kinds), None)
        if containing is None:
            accepted.append(replace(answer, study=best.study))
            containing = kinds
        search.split(forbidden, containing)
    return Alternatives(tuple(accepted), search.complete)


def alternatives_to(problem: Problem, best: Answer) -> Alternatives | None:
    """The alternatives that the config asks for, to its answer; None where it asks for none."""
    config = problem.study.config
    if config.alternatives is None:
        return None
    asked = replace(best, goal=question_of(problem).goal)
    seconds = config.solver.time_limit_s
    found = next_best(problem, asked, config.alternatives.count, config.alternatives.within, seconds)
    return replace(found, answers=tuple(as_served(replace(a, study=problem.study)) for a in found.answers))


@dataclass
class _Search:
    """Parts of the question, each with some kinds forbidden, from the best on."""

    problem: Problem
    best: Answer
    worst: float
    clock: Clock
    queue: list[tuple[float, int, frozenset[str], Answer]] = field(default_factory=list)
    seen: set[frozenset[str]] = field(default_factory=set)
    complete: bool = True
    order: itertools.count[int] = field(default_factory=itertools.count)

    def split(self, forbidden: frozenset[str], kinds: Iterable[str]) -> None:
        """Solve what is left when each of `kinds` in turn is forbidden as well."""
        goal = self.best.goal
        sign = 1.0 if goal.objective.sense == "minimise" else -1.0
        within = {goal.objective.name: self.worst * (1 + _ROUNDING)} if goal.objective.worth else None
        for kind in sorted(kinds):
            part = forbidden | {kind}
            if part in self.seen:
                continue
            if self.clock.expired or len(self.seen) >= _MOST_PARTS:
                self.complete = False
                return
            self.seen.add(part)
            rest = self.problem.without_kinds(*part).with_solver(seconds=self.clock.left())
            answer = solve(rest, goal, within)
            if answer.allocation is None or answer.objective is None:
                self.complete = self.complete and answer.termination == "infeasible"
                continue
            if sign * answer.objective <= sign * self.worst * (1 + sign * _ROUNDING):
                heapq.heappush(self.queue, (sign * answer.objective, next(self.order), part, answer))

    def pop(self) -> tuple[frozenset[str], Answer] | None:
        """The best part left, or None."""
        if not self.queue:
            return None
        _, _, part, answer = heapq.heappop(self.queue)
        return part, answer
