"""What a plan would have cost otherwise: without its margin, and under the paper's ideal constants.

Both are answers to the same study with one thing changed, within what is left of its time limit; `detail: quick` leaves
them out.
"""

from __future__ import annotations

from dataclasses import replace

from fleets import catalog
from planner.clock import Clock
from planner.config.resolved import ResolvedWorkload
from planner.config.variants import with_workloads
from planner.objectives import COST
from planner.problem.answer import Answer
from planner.problem.problem import Problem
from planner.questions.ask import ask, question_of

IDEAL = "erdil-2025"
OUT_OF_TIME = (
    "the time limit left no time to say what the plan would have cost without margin or with ideal constants"
)


def comparisons(problem: Problem, answer: Answer, clock: Clock) -> tuple[dict[str, float], tuple[str, ...]]:
    """($ per hour of the alternatives by name, notes for the plan); empty for questions other than cost."""
    study, question = problem.study, question_of(problem)
    asked_cost = question.demands_all and question.goal.objective is COST and answer.objective is not None
    if not asked_cost or not study.config.physics:
        return {}, ()
    assert answer.objective is not None
    if clock.expired:
        return {}, (OUT_OF_TIME,)
    found: dict[str, float] = {}
    notes: list[str] = []
    if any(workload.safety > 0 for workload in study.workloads):
        plain = ask(
            problem.changed(with_workloads, ResolvedWorkload.without_margin).with_solver(seconds=clock.left())
        )
        if plain.objective is not None:
            found["without_margin_usd_per_hour"] = plain.objective
            extra = answer.objective - plain.objective
            notes.append(f"the margin costs ${extra:,.2f} per hour ({_share(extra, plain.objective)} more)")
    if study.assumptions.name != IDEAL:
        constants = problem.with_study(replace(study, assumptions=catalog.assumption_set(IDEAL)))
        ideal = ask(constants.with_solver(seconds=clock.left()))
        if ideal.objective is not None:
            found["ideal_usd_per_hour"] = ideal.objective
            less = answer.objective - ideal.objective
            notes.append(
                f"the paper's ideal constants ({IDEAL}) would have said ${ideal.objective:,.2f} per hour, "
                f"{_share(less, answer.objective)} less"
                if less >= 0
                else f"the paper's constants ({IDEAL}) would have said ${ideal.objective:,.2f} per hour"
            )
    return found, tuple(notes)


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.0%}" if whole else "0%"
