"""That there is no plan is shown in plain arithmetic, or said to rest on the solver's word; never by nothing at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from planner import solve
from planner.certificate.certificate import CONTRADICTION, SOLVERS_WORD, refuted
from planner.certificate.refutation import refutation, sides
from planner.certificate.servable import servable
from planner.config.load import load_study
from planner.problem.contradiction import Contradiction
from planner.problem.problem import Problem
from planner.problem.refute import refute
from planner.questions.ask import ask
from tests.planner.explain.cases import chat, limits, study

INF = np.inf


def contradiction(**changes: Any) -> Contradiction:
    """x + y ≤ 4 and x − y ≥ 5 with y ≥ 0: the second minus the first says −2y ≥ 1."""
    values: dict[str, Any] = {
        "matrix": sparse.csc_array(np.array([[1.0, 1.0], [1.0, -1.0]])),
        "row_lower": np.array([-INF, 5.0]),
        "row_upper": np.array([4.0, INF]),
        "column_lower": np.array([0.0, 0.0]),
        "column_upper": np.array([INF, INF]),
        "multipliers": np.array([-1.0, 1.0]),
        "rows": ("Limit_A", "Limit_B"),
        **changes,
    }
    return Contradiction(**values)


def test_by_hand() -> None:
    # y·A·x = −2·y_2 ≤ 0, and would have to be at least −4 + 5 = 1.
    found = contradiction()
    assert sides(found) == (0.0, 1.0)
    check = refutation(found)
    assert check.passed and check.name == "no plan: Limit_A, Limit_B contradict each other"


WRONG = {
    "rows that leave room": {"row_upper": np.array([6.0, INF])},
    "rows that just meet": {"row_upper": np.array([5.0, INF])},
    "a column without the bound it needs": {"column_lower": np.array([0.0, -INF])},
    "multipliers of the wrong sign": {"multipliers": np.array([1.0, 1.0])},
    "multipliers that do not cancel": {"multipliers": np.array([-1.0, 2.0])},
    "no multipliers": {"multipliers": np.array([0.0, 0.0])},
    "numbers that are none": {"multipliers": np.array([np.nan, 1.0])},
}


@pytest.mark.parametrize("what", WRONG)
def test_what_proves_nothing_is_no_proof(what: str) -> None:
    found = contradiction(**WRONG[what])
    assert not refutation(found).passed
    problem = Problem(load_study(study()))
    certificate = refuted(problem.study, problem.options("under"), {}, found)
    assert certificate.passed is None and not certificate.checks and certificate.evidence == SOLVERS_WORD


INFEASIBLE: dict[str, dict[str, Any]] = {
    "limits": {"fleet": limits(2, 2)},
    "power": {"power_limit_kw": 1.5},
    "budget": {"question": {"minimise": "gpus", "budget_usd_per_hour": 20.0}},
    "spares": {"fleet": limits(8, 0), "spares": {"share": 0.95}},
    "throughput": {
        "workloads": [chat(), chat(name="much", demand_tokens_per_s=1e9)],
        "question": {"maximise": "throughput", "workload": "chat"},
    },
    "pace within a budget": {
        "question": {"maximise": "pace", "workload": "chat", "max_usd_per_million_tokens": 0.2}
    },
}


@pytest.mark.parametrize("what", INFEASIBLE)
def test_infeasible_answers_carry_a_contradiction_that_holds(what: str) -> None:
    problem = Problem(load_study(study(**INFEASIBLE[what])))
    answer = ask(problem)
    assert answer.termination == "infeasible"
    options, found = refute(problem, answer)
    assert found is not None
    certificate = refuted(problem.study, options, answer.within, found)
    assert certificate.passed and certificate.evidence == CONTRADICTION
    # the multipliers are needed: turned around, or on looser rows, they prove nothing
    assert not refutation(replace(found, multipliers=-found.multipliers)).passed
    loose = replace(found, row_lower=found.row_lower - 1e9, row_upper=found.row_upper + 1e9)
    assert not refutation(loose).passed


def test_a_feasible_study_cannot_be_refuted() -> None:
    problem = Problem(load_study(study()))
    assert refute(problem, ask(problem))[1] is None


def test_whole_instances_alone_rest_on_the_solvers_word() -> None:
    """One and a half instances would do and two do not fit into the limit: the relaxation has a solution."""
    sizes = {"instance_gpus": [4]}
    asked = {"maximise": "throughput", "workload": "chat"}
    most = ask(Problem(load_study(study(fleet=limits(0, 4), layouts=sizes, question=asked)))).objective
    assert most is not None
    more = [chat(demand_tokens_per_s=1.2 * most)]
    plan = solve(study(fleet=limits(0, 6), layouts=sizes, workloads=more), explain=False)
    assert plan.status.termination == "infeasible"
    assert plan.certificate.passed is None and plan.certificate.evidence == SOLVERS_WORD
    assert plan.to_dict()["certificate"]["passed"] is None
    assert "solver's word" in solve_text(plan)


def solve_text(plan: Any) -> str:
    import io

    from rich.console import Console

    from planner.report.text import print_plan

    stream = io.StringIO()
    print_plan(plan, Console(file=stream, width=200))
    return stream.getvalue()


@pytest.mark.parametrize(
    "changes",
    [
        {"workloads": [chat(max_tpot_ms=0.01)]},
        {"question": {"minimise": "gpus", "budget_usd_per_hour": 1.5}},
        {"question": {"maximise": "pace", "workload": "chat", "max_usd_per_million_tokens": 1e-6}},
        {"power_limit_kw": 0.3},
        {"fleet": limits(0, 1), "layouts": {"instance_gpus": [2]}},
    ],
)
def test_what_nothing_serves_is_counted_again(changes: dict[str, Any]) -> None:
    plan = solve(study(**changes), explain=False)
    assert plan.status.termination == "infeasible" and plan.certificate.passed
    assert plan.certificate.evidence == "no option serves chat with one instance in the limits"
    (check,) = plan.certificate.checks
    assert (check.name, check.value, check.limit) == ("options that can serve chat", 0.0, 0.0)


def test_what_something_serves_is_not_counted_as_nothing() -> None:
    problem = Problem(load_study(study()))
    for within in ({}, {"cost": 16.0}, {"power": 5.6}):
        assert not servable(problem.study, problem.options("under"), within, "chat").passed
    assert servable(problem.study, problem.options("under"), {"cost": 1.8}, "chat").passed


def test_a_proof_is_printed_with_what_it_rests_on() -> None:
    plan = solve(study(fleet=limits(2, 2)), explain=False)
    assert plan.certificate.passed
    assert "Proven: no fleet" in solve_text(plan) and "plain arithmetic" in solve_text(plan)


def test_time_that_ran_out_has_no_certificate_at_all() -> None:
    plan = solve(study(solver={"time_limit_s": 1e-6}), compare=False, explain=False)
    if not plan.found:
        assert plan.certificate.passed is None and not plan.certificate.evidence
