"""Plans whose instances several workloads share: always feasible in the exact physics, never better than their bound."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.config.load import load_study
from planner.problem.problem import Problem
from planner.problem.solve import solve
from planner.questions.minimise import CHEAPEST
from tests.planner.problem.test_optimise import holds_in_exact_physics

MODELS = (
    "llama-3.1-8b",
    "llama-3.1-70b",
    "mixtral-8x22b",
    "qwen3-30b-a3b",
    "gpt-oss-120b",
    "qwen3.5-35b-a3b",
)
ACCELERATORS = ("h100-sxm", "h200-sxm", "a100-80gb-sxm", "l40s", "mi300x")


@st.composite
def studies(draw: st.DrawFn) -> dict[str, Any]:
    """One or two models, two to five workloads of any length and pace, one or two accelerators."""
    models = draw(st.lists(st.sampled_from(MODELS), min_size=1, max_size=2, unique=True))
    places = draw(st.lists(st.sampled_from(ACCELERATORS), min_size=1, max_size=2, unique=True))
    unit = draw(st.sampled_from([1, 1, 8]))
    speculation = [{"draft": "llama-3.1-8b", "acceptance": 0.8, "draft_tokens": [2, 4]}]
    drafts = draw(st.booleans())
    workloads = [
        {
            "name": f"w{number}",
            "model": draw(st.sampled_from(models)),
            "input_tokens": draw(st.sampled_from([0, 300, 2000, 12000])),
            "output_tokens": draw(st.sampled_from([50, 400, 2000])),
            "demand_tokens_per_s": draw(st.floats(50.0, 9000.0)),
            "min_pace_tokens_per_s": draw(st.sampled_from([3.0, 15.0, 30.0])),
        }
        for number in range(draw(st.integers(2, 5)))
    ]
    return {
        "fleet": {
            "supply": [
                {
                    "accelerator": name,
                    "price_usd_per_hour": draw(st.sampled_from([0.9, 1.5, 2.6])),
                    "unit": unit,
                }
                for name in places
            ]
        },
        "models": {
            name: {
                "architecture": name,
                "weight_precisions": ["fp8", "int4"],
                "speculation": speculation if drafts else [],
            }
            for name in models
        },
        "workloads": workloads,
        "layouts": {"instance_gpus": [1, 2, 4, 8]},
        "assumptions": draw(st.sampled_from(["erdil-2025", "default"])),
        "prefill": draw(st.booleans()),
        "solver": {"gap": 1e-3, "time_limit_s": 8, "threads": 1},
    }


def test_shared_plans_hold_in_exact_physics() -> None:
    found = {"plans": 0, "shared": 0, "proven": 0}

    @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(studies())
    def check(study: dict[str, Any]) -> None:
        answer = solve(Problem(load_study(study)), CHEAPEST)
        if answer.allocation is None:
            assert answer.objective is None
            return
        assert answer.objective is not None
        holds_in_exact_physics(answer)
        assert answer.bound is None or answer.bound <= answer.objective * (1 + 1e-9)
        found["plans"] += 1
        found["shared"] += any(len(d.tokens_per_s) > 1 for d in answer.allocation.deployments)
        found["proven"] += answer.holds == "proven"

    check()
    assert found["plans"] >= 30 and found["shared"] >= 15
    assert found["proven"] >= 0.8 * found["plans"], found
