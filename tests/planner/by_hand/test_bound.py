"""No proven optimum lies below the bound made by hand, whatever the study; and there is a bound wherever time ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.by_hand.bound import least_total, most_scaled
from planner.config.load import study_from
from planner.problem.data import data_for
from planner.problem.problem import Problem
from planner.questions.ask import ask, question_of
from planner.solving import solve
from tests.planner.agreement.studies import FEATURES, study, write_profile

OUT_OF_TIME = {"gap": 1e-4, "time_limit_s": 1e-6, "threads": 1}


def _bound(problem: Problem) -> float | None:
    goal = question_of(problem).goal
    options = problem.options().options
    data = data_for(problem.study, problem.limits, options, scaled=goal.scaled)
    if goal.objective.worth is not None:
        return least_total(problem.study, data, problem.source.least, goal.objective)
    most = most_scaled(problem.study, data, problem.source.least)
    return None if most is None else most * goal.scale(problem.study, data)


@pytest.mark.parametrize("feature", FEATURES)
@pytest.mark.parametrize("seed", range(2))
def test_no_optimum_is_better_than_the_bound_made_by_hand(feature: str, seed: int, tmp_path: Path) -> None:
    config = study((feature,), seed)
    write_profile(config, tmp_path)
    problem = Problem(study_from(config, "study.yaml", tmp_path))
    answer = ask(problem)
    if answer.optimum is None or answer.asked is not None:
        return
    bound = _bound(problem)
    if answer.goal.objective.sense == "minimise":
        assert bound is not None
        assert 0.0 <= bound <= answer.optimum * (1 + 1e-9)
    else:
        assert bound is None or bound >= answer.optimum * (1 - 1e-9)


def test_the_bound_is_near_the_optimum_where_little_but_physics_stands_in_the_way(tmp_path: Path) -> None:
    config = study((), 0)
    for workload in config["workloads"]:
        workload["demand_tokens_per_s"] = 1e7
    problem = Problem(study_from(config, "study.yaml", tmp_path))
    objective, bound = ask(problem).optimum, _bound(problem)
    assert objective is not None and bound is not None
    assert bound >= 0.99 * objective


@pytest.mark.parametrize(
    "feature", ["limits", "sites", "pools", "disaggregated", "least_power", "spares", "throughput"]
)
def test_a_study_with_hardly_any_time_still_has_a_true_bound(feature: str, tmp_path: Path) -> None:
    config = study((feature,), 0)
    proven = solve(study_from(config, "study.yaml", tmp_path), compare=False, explain=False)
    short = solve(
        study_from(config | {"solver": OUT_OF_TIME}, "study.yaml", tmp_path), compare=False, explain=False
    )
    assert proven.objective.value is not None and short.objective.bound is not None
    sign = 1.0 if proven.objective.sense == "minimise" else -1.0
    assert sign * short.objective.bound <= sign * proven.objective.value * (1 + sign * 1e-4)


def test_options_that_time_left_out_prove_nothing(tmp_path: Path) -> None:
    """No option at all serves nothing, which is no proof that nothing can."""
    config = study((), 1) | {"solver": OUT_OF_TIME}
    problem = Problem(study_from(config, "study.yaml", tmp_path))
    options = problem.options(seconds=0.0)
    assert (options.options, options.complete) == ((), False)
    assert ask(problem).termination == "time_limit"
    whole = problem.options()
    assert whole.complete
    assert problem.options(seconds=0.0).options == whole.options, "what is known takes no time"
