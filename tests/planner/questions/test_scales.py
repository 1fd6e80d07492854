"""Demands of any size, alone and beside each other: numbers that differ by twelve orders of magnitude in one program."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from planner.config.load import load_study
from planner.problem.problem import Problem
from planner.questions.ask import ask
from planner.solving import solve

CONFIG: dict[str, Any] = {
    "name": "scales",
    "fleet": {
        "supply": [
            {"accelerator": "l40s", "limit": 8, "price_usd_per_hour": 0.8},
            {"accelerator": "h100-sxm", "limit": 64, "price_usd_per_hour": 2.0},
        ]
    },
    "models": {
        "m": {"architecture": "llama-3.1-8b", "weight_precisions": ["fp8"]},
        "n": {"architecture": "qwen3-30b-a3b", "weight_precisions": ["fp8"]},
    },
    "workloads": [
        {"name": "w0", "model": "m", "input_tokens": 1, "output_tokens": 1, "demand_tokens_per_s": 1,
         "max_ttft_ms": 1000},
        {"name": "w1", "model": "m", "input_tokens": 0, "output_tokens": 1, "demand_tokens_per_s": 1000},
        {"name": "w2", "model": "n", "input_tokens": 1, "output_tokens": 1, "demand_tokens_per_s": 1000},
    ],
    "layouts": {"instance_gpus": [1, 2, 4]},
    "serving": ["aggregated", "disaggregated"],
    "solver": {"gap": 1e-4, "time_limit_s": 30, "threads": 1},
}  # fmt: skip


def _with(demands: dict[str, float], **changes: Any) -> dict[str, Any]:
    config = copy.deepcopy(CONFIG) | changes
    for workload in config["workloads"]:
        workload["demand_tokens_per_s"] = demands.get(workload["name"], workload["demand_tokens_per_s"])
    return config


@pytest.mark.parametrize("demand", [1e-5, 1e-2, 1e3, 1e7, 1e12])
def test_the_most_throughput_does_not_depend_on_the_demand_that_it_multiplies(demand: float) -> None:
    """From 1e-5 on it was 17,216 as bound and 16,938 in the plan; other studies failed their certificate."""
    question = {"maximise": "throughput", "workload": "w0"}
    plan = solve(_with({"w0": demand}, question=question), compare=False)
    assert plan.status.solution == "proven"
    assert plan.objective.value == pytest.approx(17268.7594, rel=1e-4)
    assert plan.objective.bound == pytest.approx(17268.7594, rel=1e-4)


@pytest.mark.parametrize("small", [1e-5, 1e-3, 1.0])
@pytest.mark.parametrize("large", [1e5, 1e7])
def test_a_tiny_demand_beside_a_huge_one_is_served(small: float, large: float) -> None:
    fleet = {"supply": [{"accelerator": "h100-sxm", "price_usd_per_hour": 2.0}]}
    plan = solve(_with({"w0": small, "w1": large, "w2": small}, fleet=fleet), compare=False)
    assert plan.certificate.passed and plan.status.solution == "proven"
    served = {row["workload"]: row["tokens_per_s"] for row in plan.service.to_dict("records")}
    assert served["w0"] == pytest.approx(small)
    assert served["w1"] == pytest.approx(large)


def test_demands_apart_by_twelve_orders_cost_what_they_cost_apart() -> None:
    fleet = {"supply": [{"accelerator": "h100-sxm", "price_usd_per_hour": 2.0}]}
    both = ask(Problem(load_study(_with({"w0": 1e-5, "w1": 1e-5, "w2": 1e7}, fleet=fleet))))
    alone = ask(Problem(load_study(_with({"w0": 1e-5, "w1": 1e-5, "w2": 1e-5}, fleet=fleet))))
    large = ask(Problem(load_study(_with({"w0": 1e-5, "w1": 1e7, "w2": 1e-5}, fleet=fleet))))
    assert both.objective is not None and alone.objective is not None and large.objective is not None
    assert alone.objective == pytest.approx(4.0)  # one accelerator for each model
    assert both.objective > 100 and large.objective > 100


def test_a_precision_that_stands_twice_is_one_choice() -> None:
    """Two kinds of one name: the plan failed its certificate."""
    config = copy.deepcopy(CONFIG)
    config["models"]["m"] |= {"weight_precisions": ["fp8", "fp8", "bf16"], "kv_precisions": ["bf16", "bf16"]}
    once = copy.deepcopy(CONFIG)
    once["models"]["m"] |= {"weight_precisions": ["fp8", "bf16"], "kv_precisions": ["bf16"]}
    twice, plain = solve(config, compare=False), solve(once, compare=False)
    assert twice.certificate.passed
    assert twice.objective.value == plain.objective.value
