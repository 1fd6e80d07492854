"""The cross-check by the relaxation: right for every sense, and it catches what nothing else does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from planner.config.load import load_study
from planner.problem.answer import Answer
from planner.problem.cross_check import cross_check
from planner.problem.problem import Problem
from planner.questions.ask import ask
from tests.planner.certificate.test_certificate import BASE

QUESTIONS: dict[str, dict[str, Any]] = {
    "cost": {"minimise": "cost"},
    "gpus": {"minimise": "gpus"},
    "power": {"minimise": "power"},
    "throughput": {"maximise": "throughput", "workload": "small", "budget_usd_per_hour": 200},
}


def _answer(name: str) -> Answer:
    return ask(Problem(load_study(BASE | {"question": QUESTIONS[name]})))


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_answer_is_no_better_than_its_relaxation(name: str) -> None:
    (check,), remarks = cross_check(_answer(name), 30.0)
    assert check.passed and not remarks and check.unit == _answer(name).unit


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_objective_that_nobody_can_reach_is_caught(name: str) -> None:
    answer = replace(_answer(name), before_simplifying=None)
    assert answer.objective is not None
    factor = 1 / 3 if answer.goal.objective.sense == "minimise" else 3.0
    claimed = replace(answer, objective=answer.objective * factor, bound=answer.objective * factor)
    (check,), _ = cross_check(claimed, 30.0)
    assert not check.passed


def test_a_pace_and_nothing_at_all_are_not_compared() -> None:
    question = {"maximise": "pace", "workload": "small", "budget_usd_per_hour": 200}
    assert cross_check(ask(Problem(load_study(BASE | {"question": question}))), 30.0) == ((), ())
    assert cross_check(replace(_answer("cost"), allocation=None), 30.0) == ((), ())
