"""Studies of the paper's roofline against a program written a second time: the same optimum to 1e-6."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from planner.config.load import study_from
from planner.solving import solve
from tests.independent.measured import fleet, settings
from tests.independent.program import Question, Supply, optimum
from tests.independent.roofline import CHIPS, HYBRIDS, MODELS, Model, Span, Work, offers

IN_CI, ALL = 20, 220


def study(seed: int, models: dict[str, Model] = MODELS) -> tuple[dict[str, Any], float | None]:
    """A config, and what the second program finds: its optimum."""
    chosen = random.Random(f"roofline {seed}")
    pooled = chosen.random() < 0.5
    sizes: tuple[int, ...] = (1,) if pooled else chosen.choice(((1, 2), (1, 2, 4, 8), (2, 8)))
    names = chosen.sample(sorted(models), chosen.choice((1, 2)))
    work: dict[str, Work] = {}
    for number in range(chosen.choice((2, 3)) if pooled else len(names)):
        prompt, output = chosen.choice((200, 1000, 4000)), chosen.choice((100, 500))
        pace = chosen.choice((0.0, 0.0, 15.0, 30.0, 45.0))
        span = Span(float(prompt), float(prompt + output))
        work[f"w{number}"] = Work(names[number % len(names)], span, float(prompt), float(output), pace)
    prefill = chosen.random() < 0.5
    weights = chosen.choice((("bf16",), ("fp8",), ("bf16", "fp8")))
    supplies = [
        Supply(
            f"s{i}", chosen.choice(sorted(CHIPS)), round(chosen.uniform(1, 4), 2), chosen.choice((None, 16, 48)),
            chosen.choice((1, 1, 8)), chosen.choice((1.0, 0.95)), 1.1,
        )
        for i in range(chosen.choice((1, 2)))
    ]  # fmt: skip
    extra = chosen.choice(({}, {}, {"spares": 1}, {"most_kinds": 1}, {"power_limit": 40.0}))
    demand = {w: round(10 ** chosen.uniform(3, 4.6), 1) for w in work}
    asked = Question(demand, chosen.choice(("cost", "cost", "gpus")), chosen.choice((1.0, 0.9)), **extra)
    can = offers(work, sorted({s.accelerator for s in supplies}), sizes, weights, prefill)
    config = {
        "fleet": fleet(supplies, asked),
        "models": {n: {"architecture": n, "weight_precisions": list(weights), "kv_precisions": ["bf16"]} for n in names},
        "workloads": [
            {"name": key, "model": w.model, "input_tokens": w.prompt, "output_tokens": w.output,
             "demand_tokens_per_s": demand[key],
             **({"min_pace_tokens_per_s": w.pace} if w.pace else {})}
            for key, w in work.items()
        ],
        "question": {"minimise": asked.objective}, "assumptions": "erdil-2025", "prefill": prefill,
        "layouts": {"instance_gpus": list(sizes)}, **settings(asked),
    }  # fmt: skip
    return config, optimum(can, supplies, asked)


@pytest.mark.parametrize(
    "seed", [*range(IN_CI), *(pytest.param(s, marks=pytest.mark.long) for s in range(IN_CI, ALL))]
)
def test_the_same_optimum(seed: int) -> None:
    compare(*study(seed), seed)


@pytest.mark.parametrize(
    "seed", [*range(IN_CI), *(pytest.param(s, marks=pytest.mark.long) for s in range(IN_CI, ALL))]
)
def test_the_same_optimum_of_hybrids(seed: int) -> None:
    """Gated delta nets beside attention, and windows among full layers."""
    compare(*study(seed, HYBRIDS), seed)


def compare(config: dict[str, Any], expected: float | None, seed: int) -> None:
    plan = solve(study_from(config, f"seed {seed}", Path()), explain=False)
    if expected is None:
        assert plan.status.termination == "infeasible"
        return
    assert plan.status.solution == "proven"
    assert plan.objective.value == pytest.approx(expected, rel=1e-6)
    assert plan.objective.bound == pytest.approx(expected, rel=1e-6)
