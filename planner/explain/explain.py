"""Explain a study: infeasible, why and what would help; feasible, what binds and what a little more would cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from planner.config.resolved import ResolvedStudy
from planner.errors import InputError
from planner.explain.binding import binding
from planner.explain.infeasible import explain_infeasible
from planner.explain.sensitivity import Sensitivity, sensitivity
from planner.explain.why_not import WhyNot, why_not
from planner.objectives import COST
from planner.plan.extract import plan_from, with_evidence
from planner.plan.plan import SCHEMA_VERSION, Plan
from planner.problem.problem import Problem
from planner.questions.ask import question_of


@dataclass(frozen=True)
class Explanation:
    """A plan, or why there is none, and what was asked about it."""

    plan: Plan
    binding: tuple[str, ...] = ()
    sensitivity: Sensitivity | None = None
    why_not: tuple[WhyNot, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        plan = self.plan.to_dict()
        kept = (
            "name", "assumptions", "status", "objective", "certificate", "clashes", "relaxations", "rejected", "notes",
        )  # fmt: skip
        return {
            "schema_version": SCHEMA_VERSION,
            **{key: plan[key] for key in kept},
            "binding": list(self.binding),
            "sensitivity": None if self.sensitivity is None else self.sensitivity.to_dict(),
            "why_not": [entry.to_dict() for entry in self.why_not],
        }


def explain(
    study: ResolvedStudy,
    names: tuple[str, ...] = (),
    screening: bool = True,
    decomposition: bool = True,
) -> Explanation:
    """Explain the answer to a study; with `names`, why those supplies, accelerators or kinds are not in its plan.

    Each part may take as long as the config's time limit. Raises `InputError` for unknown names and for why-not
    questions about something other than cost.
    """
    seconds = study.config.solver.time_limit_s
    problem = Problem(study, screening=screening, decomposition=decomposition)
    question = question_of(problem)
    if names and not (question.demands_all and question.goal.objective is COST):
        raise InputError(
            [
                f"{study.file}: question: --why-not answers questions that minimise cost; ask {{minimise: cost}}"
            ]
        )
    answer = question.answer()
    plan = with_evidence(plan_from(answer), problem, answer)
    if plan.status.termination == "infeasible":
        why = explain_infeasible(problem, seconds)
        notes = (*plan.notes, *why.notes)
        return Explanation(replace(plan, clashes=why.clashes, relaxations=why.records(), notes=notes))
    if not plan.found:
        return Explanation(plan)
    bound = binding(problem, answer, plan)
    if names:
        return Explanation(
            plan, bound, None, tuple(why_not(problem, answer, name, seconds) for name in names)
        )
    return Explanation(plan, bound, sensitivity(problem, answer, seconds))
