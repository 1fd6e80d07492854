"""Too little time: the plan made by hand stands in, certified like any other, with its gap to what bound there is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.plan.extract import plan_from
from planner.problem.answer import Answer
from planner.problem.solve import or_by_hand
from planner.questions.ask import ask
from tests.planner.explain.cases import source_of, study


@pytest.fixture(scope="module")
def solved() -> Answer:
    return ask(source_of(study()))


def _out_of_time(answer: Answer, **changes: object) -> Answer:
    return replace(answer, termination="time_limit", **changes)  # type: ignore[arg-type]


def test_a_plan_stands_in_for_none(solved: Answer) -> None:
    nothing = _out_of_time(solved, allocation=None, objective=None)
    answer = or_by_hand(nothing)
    assert answer.allocation is not None and answer.objective is not None
    assert solved.objective is not None and answer.objective >= solved.objective * (1 - 1e-9)
    plan = plan_from(answer)
    assert plan.certificate.passed and plan.status.termination == "time_limit"
    assert plan.objective.gap is not None and any("made by hand" in note for note in plan.notes)


def test_without_a_bound_the_gap_is_unknown_and_the_plan_only_feasible(solved: Answer) -> None:
    plan = plan_from(
        or_by_hand(_out_of_time(solved, allocation=None, objective=None, bound=None, plan_bound=None))
    )
    assert plan.status.solution == "feasible" and plan.objective.gap is None


def test_a_better_plan_stays_and_a_worse_one_goes(solved: Answer) -> None:
    assert or_by_hand(_out_of_time(solved)).objective == solved.objective
    assert solved.objective is not None
    worse = _out_of_time(solved, objective=10 * solved.objective)
    assert (or_by_hand(worse).objective or 0.0) < 2 * solved.objective


def test_other_endings_are_left_alone(solved: Answer) -> None:
    assert or_by_hand(solved) is solved
    infeasible = replace(solved, termination="infeasible", allocation=None, objective=None)
    assert or_by_hand(infeasible) is infeasible
