"""Solve a study: config → options → coefficients → program → solution → certificate → plan, as a recipe."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from planner.comparisons import PATIENCE_S, comparisons
from planner.config.load import load_study
from planner.config.resolved import ResolvedStudy
from planner.explain.infeasible import explain_infeasible
from planner.explain.sensitivity import sensitivity as more
from planner.options.build import OptionSource
from planner.plan.extract import plan_from
from planner.plan.plan import Plan
from planner.questions.alternatives import alternatives_to
from planner.questions.ask import ask


def solve(
    study: ResolvedStudy | str | Path | Mapping[str, Any],
    *,
    screening: bool = True,
    compare: bool = True,
    explain: bool = True,
    sensitivity: bool = False,
) -> Plan:
    """The certified plan of a study, or of the config at a path or in a mapping.

    `screening=False` leaves every option in the program (slower; the objective is the same). `compare=False` leaves out
    what the plan would have cost without margin and under ideal constants. `explain=False` leaves out why an infeasible
    study is so and what would give it a plan, which takes up to the time limit again. `sensitivity=True` solves again
    for headroom and next steps, within the time limit again; marginal prices come with every plan that was found quickly.

    The config's `alternatives` take its time limit again. A frontier is `planner.questions.frontier.trace`.

    Raises `InputError` for bad input and `CertificateError` when a plan fails its check. Infeasible and out of time are
    plans without tables, whose `status` says which.
    """
    begin = time.perf_counter()
    resolved = study if isinstance(study, ResolvedStudy) else load_study(study)
    source = OptionSource(resolved, screening)
    physics = time.perf_counter() - begin
    answer = ask(source)
    plan = plan_from(answer)
    solved = time.perf_counter() - begin
    if explain and plan.status.termination == "infeasible":
        why = explain_infeasible(source, resolved.config.solver.time_limit_s)
        plan = replace(plan, clashes=why.clashes, relaxations=why.records(), notes=(*plan.notes, *why.notes))
        plan.timings["explain"] = time.perf_counter() - begin - solved
    if compare:
        otherwise, notes = comparisons(source, answer, solved)
        plan = replace(plan, sensitivity={**plan.sensitivity, **otherwise}, notes=(*plan.notes, *notes))
    if plan.found and (sensitivity or (compare and solved < PATIENCE_S)):
        figures = more(source, answer, resolved.config.solver.time_limit_s if sensitivity else 0.0)
        plan = replace(plan, sensitivity={**plan.sensitivity, **figures.to_dict()})
    alternatives = alternatives_to(source, answer) if plan.found else None
    if alternatives is not None:
        notes = (
            ()
            if alternatives.complete
            else (f"time ended the search after {len(alternatives.answers)} plans",)
        )
        plan = replace(plan, alternatives=tuple(alternatives.rows()), notes=(*plan.notes, *notes))
    plan.timings["physics"] = physics
    plan.timings["total"] = solved
    return plan
