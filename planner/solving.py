"""Solve a study: config → options → coefficients → program → solution → certificate → plan, as a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from planner.clock import Clock
from planner.comparisons import comparisons
from planner.config.load import load_study
from planner.config.resolved import ResolvedStudy
from planner.explain.infeasible import explain_infeasible
from planner.explain.sensitivity import prices_alone
from planner.explain.sensitivity import sensitivity as more
from planner.plan.extract import plan_from, with_evidence
from planner.plan.plan import Plan
from planner.problem.cross_check import cross_check
from planner.problem.problem import Problem
from planner.questions.alternatives import alternatives_to
from planner.questions.ask import question_of

QUICK = "detail: quick: not compared with the linear relaxation"


def solve(
    study: ResolvedStudy | str | Path | Mapping[str, Any],
    *,
    screening: bool = True,
    decomposition: bool = True,
    compare: bool = True,
    explain: bool = True,
    sensitivity: bool = False,
) -> Plan:
    """The certified plan of a study, or of the config at a path or in a mapping.

    `screening=False` leaves every option in the program, `decomposition=False` plans all models in one (slower; the
    objective is the same within the gap). `compare=False` leaves out what the plan would have cost without margin and
    under ideal constants, and the marginal prices; so does the config's `detail: quick`, with the cross-check by the
    relaxation. What the time limit leaves no time for is left out and said. `explain=False` leaves out why an infeasible
    study is so and what would give it a plan, which takes up to the time limit again. `sensitivity=True` solves again for
    headroom and next steps, within the time limit again.

    The config's `alternatives` take its time limit again. A frontier is `planner.questions.frontier.TracedFrontier`.

    Raises `InputError` for bad input and `CertificateError` when a plan fails its check. Infeasible and out of time are
    plans without tables, whose `status` says which.
    """
    resolved = study if isinstance(study, ResolvedStudy) else load_study(study)
    seconds, full = resolved.config.solver.time_limit_s, resolved.config.detail == "full"
    problem = Problem(resolved, screening=screening, decomposition=decomposition)
    clock = Clock(seconds)
    with clock.stage("physics"):
        _ = problem.source.tables
    answer = question_of(problem).answer()
    checked = cross_check(answer, clock.left()) if full else ((), (QUICK,))
    plan = with_evidence(plan_from(answer, *checked), problem, answer)
    plan.timings.update(clock.spent | {"total": clock.elapsed})
    if explain and plan.status.termination == "infeasible":
        with clock.stage("explain"):
            why = explain_infeasible(problem, seconds)
        notes = (*plan.notes, *why.notes)
        plan = replace(plan, clashes=why.clashes, relaxations=why.records(), notes=notes)
        plan.timings["explain"] = clock.spent["explain"]
    if not plan.found:
        return plan
    if compare and full:
        otherwise, notes = comparisons(problem, answer, clock)
        plan = replace(plan, sensitivity={**plan.sensitivity, **otherwise}, notes=(*plan.notes, *notes))
    if sensitivity or (compare and full):
        figures = (
            more(problem, answer, seconds) if sensitivity else prices_alone(problem, answer, clock.left())
        )
        plan = replace(plan, sensitivity={**plan.sensitivity, **figures.to_dict()})
    alternatives = alternatives_to(problem, answer)
    if alternatives is not None:
        ended = f"time ended the search after {len(alternatives.answers)} plans"
        notes = () if alternatives.complete else (ended,)
        plan = replace(plan, alternatives=tuple(alternatives.rows()), notes=(*plan.notes, *notes))
    return plan
