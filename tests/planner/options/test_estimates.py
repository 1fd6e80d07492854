"""Plan from over-estimates, bound from under-estimates: the sandwich, its refinement, and screening on and off."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from formulations.program.build import build_program
from planner.config.load import load_study
from planner.options.levels import Estimate
from planner.problem.data import data_for
from planner.problem.effort import Effort
from planner.problem.highs import solve_program
from planner.problem.problem import Problem
from planner.problem.solve import solve
from planner.questions.ask import question_of
from planner.questions.minimise import CHEAPEST
from tests.planner.problem.test_optimise import holds_in_exact_physics


def mixture_study(**changes: Any) -> dict[str, Any]:
    """A mixture of experts on two accelerators; three workloads of different context and pace share its instances."""
    return {
        "fleet": {
            "supply": [
                {"accelerator": "h100-sxm", "price_usd_per_hour": 2.0, "limit": 64},
                {"accelerator": "l40s", "price_usd_per_hour": 0.7, "limit": 64},
            ]
        },
        "models": {"moe": {"architecture": "mixtral-8x22b", "weight_precisions": ["fp8", "int4"]}},
        "workloads": [
            _workload("chat", 1000, 4000, 20),
            _workload("long", 14000, 900, 20),
            _workload("fast", 3000, 1200, 45),
        ],
        "layouts": {"instance_gpus": [2, 4, 8]},
        "assumptions": "erdil-2025",
        "prefill": False,
        "solver": {"gap": 0.0, "time_limit_s": 60, "threads": 2},
        **changes,
    }


def _workload(name: str, context: int, demand: float, pace: float, model: str = "moe") -> dict[str, Any]:
    return {
        "name": name,
        "model": model,
        "context_tokens": context,
        "demand_tokens_per_s": demand,
        "min_pace_tokens_per_s": pace,
    }


def best(source: Problem, estimate: Estimate, refinement: int, question: str = "cost") -> float:
    """Objective of the program of one estimate: cost, or how often one instance serves the demand."""
    scaled = tuple(w.name for w in source.study.workloads) if question == "throughput" else ()
    data = data_for(source.study, source.limits, source.options(estimate, refinement).options, scaled=scaled)
    result = solve_program(build_program(data, question), Effort(gap=0.0, time_limit_s=60))
    assert result.objective is not None and result.termination in ("optimal", "gap_reached")
    return result.objective


def one_instance(accelerator: str, gpus: int) -> Problem:
    """All three workloads on a single instance."""
    supply = [{"accelerator": accelerator, "price_usd_per_hour": 1.0, "limit": gpus}]
    layouts = {"instance_gpus": [gpus]}
    return Problem(load_study(mixture_study(fleet={"supply": supply}, layouts=layouts)))


@pytest.mark.parametrize(
    ("accelerator", "gpus", "error"),
    [("h100-sxm", 8, 1e-3), ("l40s", 8, 1e-3), ("mi300x", 2, 1e-6), ("h100-sxm", 4, 0.0)],
)
def test_what_one_instance_serves_lies_between_the_estimates(
    accelerator: str, gpus: int, error: float
) -> None:
    """Over-estimates of the time serve less, under-estimates more; splitting the intervals brings them together."""
    source = one_instance(accelerator, gpus)
    over, under = (
        [best(source, estimate, refinement, "throughput") for refinement in (0, 1, 2, 3)]
        for estimate in ("over", "under")
    )
    gaps = [1 - low / high for low, high in zip(over, under, strict=True)]
    assert gaps[0] >= error - 1e-9
    assert all(after >= before * (1 - 1e-6) for before, after in pairwise(over))
    assert all(after <= before * (1 + 1e-6) for before, after in pairwise(under))
    assert all(gap >= -1e-6 for gap in gaps)
    assert gaps[3] <= max(0.25 * gaps[0], 1e-5), gaps


def test_the_bound_of_whole_fleets_is_below_their_plans() -> None:
    for factor in (0.4, 1.0, 3.0):
        workloads = mixture_study()["workloads"]
        for workload in workloads:
            workload["demand_tokens_per_s"] *= factor
        source = Problem(load_study(mixture_study(workloads=workloads)))
        assert best(source, "under", 0) <= best(source, "over", 0) * (1 + 1e-9)


def test_the_answer_is_proven_for_the_exact_physics() -> None:
    answer = solve(Problem(load_study(mixture_study())), CHEAPEST)
    assert answer.objective is not None and answer.bound is not None
    assert not answer.options.exact
    assert answer.gap is not None and answer.gap <= 1e-6
    assert answer.bound <= answer.objective * (1 + 1e-9)
    holds_in_exact_physics(answer)


def dense_study(**changes: Any) -> dict[str, Any]:
    """Two dense models with a draft, four workloads, two supplies of one accelerator and one of another, nodes of 8."""
    study: dict[str, Any] = {
        "fleet": {
            "supply": [
                {
                    "accelerator": "h100-sxm",
                    "name": "spot",
                    "price_usd_per_hour": 1.2,
                    "limit": 16,
                    "availability": 0.8,
                },
                {"accelerator": "h100-sxm", "name": "nodes", "price_usd_per_hour": 2.0, "unit": 8},
                {"accelerator": "a100-80gb-sxm", "price_usd_per_hour": 1.1, "limit": 12},
            ]
        },
        "models": {
            "large": {
                "architecture": "llama-3.1-70b",
                "weight_precisions": ["bf16", "fp8"],
                "speculation": [{"draft": "llama-3.1-8b", "acceptance": 0.8, "draft_tokens": [2, 4]}],
            },
            "small": {"architecture": "llama-3.1-8b", "weight_precisions": ["bf16", "fp8"]},
        },
        "workloads": [
            _workload("chat", 2000, 6000, 30, "large"),
            _workload("long", 16000, 500, 15, "large"),
            _workload("quick", 900, 20000, 60, "small"),
            _workload("batch", 6000, 3000, 10, "small"),
        ],
        "layouts": {"instance_gpus": [1, 2, 4, 8]},
        "assumptions": "default",
        "prefill": False,
        "solver": {"gap": 1e-6, "time_limit_s": 60, "threads": 2},
    }
    return {**study, **changes}


STUDIES = {
    "mixture": mixture_study(solver={"gap": 1e-6, "time_limit_s": 60, "threads": 2}),
    "dense": dense_study(),
    "dense, GPUs counted": dense_study(question={"minimise": "gpus"}),
    "dense, spares": dense_study(spares={"share": "10%"}),
}


@pytest.mark.parametrize("name", STUDIES)
def test_screening_changes_no_objective_of_a_real_study(name: str) -> None:
    study = load_study(STUDIES[name])
    goal = question_of(Problem(study)).goal
    screened, whole = Problem(study), Problem(study, screening=False)
    assert len(whole.options().options) > 2 * len(screened.options().options)
    with_screening, without = solve(screened, goal), solve(whole, goal)
    assert with_screening.objective is not None
    assert with_screening.objective == pytest.approx(without.objective, rel=2e-6)
    holds_in_exact_physics(with_screening)
