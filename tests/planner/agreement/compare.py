"""One study answered in every way that must agree: jointly and by model, screened and not; intervals are compared.

An answer claims [bound, objective]. Two answers to one study agree where neither claims a bound beyond the other's
plan, so that gaps and time limits cannot make the comparison flaky. Every plan must pass its certificate, and the
cross-check.
"""

from __future__ import annotations

from pathlib import Path

from planner.certificate.certificate import certified
from planner.config.load import study_from
from planner.problem.answer import Answer
from planner.problem.cross_check import cross_check
from planner.problem.problem import Problem
from planner.questions.ask import question_of
from tests.planner.agreement.studies import Config, write_profile

WAYS = {
    "clever": (True, True),
    "unscreened": (False, True),
    "jointly": (True, False),
    "plain": (False, False),
}
"""Screening, decomposition."""
ROUNDING = 1e-6


def answers_of(config: Config, folder: Path, ways: tuple[str, ...] = tuple(WAYS)) -> dict[str, Answer]:
    """The study's answer in each way."""
    write_profile(config, folder)
    study = study_from(config, "agreement.yaml", folder)
    found = {}
    for way in ways:
        screening, decomposition = WAYS[way]
        problem = Problem(study, screening=screening, decomposition=decomposition)
        found[way] = question_of(problem).answer(simplest=False)
    return found


def disagreements(config: Config, folder: Path) -> list[str]:
    """What the answers to a study contradict each other in, or in themselves; empty where all is well."""
    answers = answers_of(config, folder)
    found = [f"{way}: {said}" for way, answer in answers.items() for said in _own(answer)]
    for way, one in answers.items():
        for other_way, other in answers.items():
            if way != other_way:
                found += [f"{way} and {other_way}: {said}" for said in _between(one, other)]
    return found


def _own(answer: Answer) -> list[str]:
    if answer.allocation is None:
        return (
            [] if answer.termination in ("infeasible", "time_limit") else [f"stopped: {answer.termination}"]
        )
    checks, _ = cross_check(answer, 30.0)
    return [str(check) for check in certified(answer, checks).failures]


def _between(one: Answer, other: Answer) -> list[str]:
    """What one says is impossible and the other does."""
    if one.termination == "infeasible" and other.allocation is not None:
        return [f"one has no plan, the other one at {other.objective:g}"]
    if one.bound is None or other.objective is None or other.allocation is None:
        return []
    best = other.optimum or 0.0
    slack = ROUNDING * max(1.0, abs(best))
    sign = 1.0 if one.optimised.sense == "minimise" else -1.0
    if sign * one.bound > sign * best + slack:
        return [f"no plan is better than {one.bound:.10g}, says one; the other has one at {best:.10g}"]
    return []
