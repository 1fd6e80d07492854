"""The fastest pace in real physics, against every whole batch tried one after the other."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from planner.config.load import study_from
from planner.operation.exact_step import exact_step, memory_share
from planner.problem.problem import Problem
from planner.questions.ask import ask
from planner.questions.pace import fastest_alone


def source(demand: float, gpus: int, budget: float, **changes: Any) -> Problem:
    config: dict[str, Any] = {
        "fleet": {"supply": [{"accelerator": "h100-sxm", "price_usd_per_hour": 2.0}]},
        "models": {"m": {"architecture": "llama-3.1-70b", "weight_precisions": ["fp8"]}},
        "workloads": [
            {"name": "chat", "input_tokens": 1000, "output_tokens": 400, "demand_tokens_per_s": demand}
        ],
        "question": {"maximise": "pace", "workload": "chat", "budget_usd_per_hour": budget},
        "layouts": {"instance_gpus": [gpus]},
        "assumptions": "erdil-2025",
    }
    return Problem(study_from(config | changes, "config.yaml", Path.cwd()))


def fastest_by_hand(found: Problem, instances: int, demand: float) -> float:
    """The largest V/step(b) over kinds and whole batches b that `instances` instances can serve the demand with."""
    best = 0.0
    for performance in (p for tables in found.source.tables.values() for p in tables):
        for row in range(len(performance.table)):
            value = float(performance.tokens_per_step[row, 0])
            for batch in range(1, 2000):
                running = {"chat": float(batch)}
                if memory_share(performance, row, running) > 1:
                    break
                step = exact_step(performance, row, running).total
                if instances * value * batch / step >= demand * (1 - 1e-12):
                    best = max(best, value / step)
                    break
    return best


@pytest.mark.parametrize(
    ("demand", "gpus", "budget", "prefill"),
    [
        (8_000.0, 2, 40.0, True),
        (8_000.0, 4, 60.0, False),
        (30_000.0, 4, 130.0, True),
        (600.0, 8, 16.0, False),
    ],
)
def test_against_every_whole_batch(demand: float, gpus: int, budget: float, prefill: bool) -> None:
    found = source(demand, gpus, budget, prefill=prefill)
    answer = ask(found)
    by_hand = fastest_by_hand(found, math.floor(budget / 2.0 / gpus), demand)
    assert by_hand > 0
    assert answer.objective == pytest.approx(by_hand, rel=2e-4)
    assert answer.bound is not None and answer.bound >= by_hand * (1 - 1e-9)
    assert answer.holds == "proven"


def test_with_a_draft_model() -> None:
    speculation = [{"draft": "llama-3.1-8b", "acceptance": 0.8, "draft_tokens": [3]}]
    models = {
        "m": {"architecture": "llama-3.1-70b", "weight_precisions": ["fp8"], "speculation": speculation}
    }
    found = source(2_000.0, 4, 40.0, prefill=False, models=models)
    by_hand = fastest_by_hand(found, 5, 2_000.0)
    assert ask(found).objective == pytest.approx(by_hand, rel=2e-4)
    plain = source(2_000.0, 4, 40.0, prefill=False)
    assert by_hand > fastest_by_hand(plain, 5, 2_000.0)


def test_without_a_cost_the_fastest_kind_alone_is_the_answer() -> None:
    found = source(500.0, 4, 1.0, question={"maximise": "pace", "workload": "chat"}, prefill=False)
    answer = ask(found)
    assert answer.objective == pytest.approx(fastest_alone(found, "chat"), rel=2e-4)
    assert answer.holds == "proven"
