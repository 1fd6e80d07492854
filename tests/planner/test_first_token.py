"""TTFT and disaggregation end to end: what limits on the first token cost, and what instances of their own save."""

from __future__ import annotations

from typing import Any

import pytest

from planner import solve
from planner.plan.plan import Plan


def study(
    ttft_ms: float | None = None, serving: tuple[str, ...] = ("aggregated",), **changes: Any
) -> dict[str, Any]:
    """Prompts of 2,000 tokens to an 8B model on two accelerators, one better at arithmetic and one at bandwidth per $."""
    chat: dict[str, Any] = {
        "name": "chat",
        "input_tokens": 2000,
        "output_tokens": 200,
        "demand_requests_per_s": 40,
        "min_pace_tokens_per_s": 40,
    }
    if ttft_ms is not None:
        chat["max_ttft_ms"] = ttft_ms
    return {
        "fleet": {
            "supply": [
                {"accelerator": "h100-sxm", "price_usd_per_hour": 2.0},
                {"accelerator": "a100-80gb-sxm", "price_usd_per_hour": 1.0},
            ]
        },
        "models": {"m": {"architecture": "llama-3.1-8b", "weight_precisions": ["fp8"]}},
        "workloads": [chat],
        "assumptions": "default",
        "serving": list(serving),
        **changes,
    }


def cost(*args: Any, **changes: Any) -> float:
    plan = solve(study(*args, **changes), compare=False)
    assert plan.found and plan.certificate.passed
    return plan.usd_per_hour


def first_token_checks(plan: Plan) -> list[tuple[float, float]]:
    return [(c.value, c.limit) for c in plan.certificate.checks if c.name.startswith("mean TTFT")]


def test_a_limit_on_the_first_token_is_kept_and_certified() -> None:
    plan = solve(study(200), compare=False)
    checks = first_token_checks(plan)
    assert checks and all(value <= limit * (1 + 1e-6) for value, limit in checks)
    assert plan.workloads["ttft_ms"].max() <= 200 * (1 + 1e-6)
    assert plan.workloads["max_ttft_ms"].tolist() == [200]


def test_tighter_limits_cost_more_and_a_loose_one_costs_nothing() -> None:
    free, loose, tight, tighter = cost(None), cost(60_000), cost(200), cost(120)
    assert loose == pytest.approx(free)
    assert free <= tight <= tighter
    assert tighter > free


def test_a_first_token_faster_than_the_prompt_itself_is_infeasible() -> None:
    plan = solve(study(5), compare=False)
    assert (plan.status.termination, plan.status.solution) == ("infeasible", "none")


def test_choosing_freely_is_never_dearer_than_either_way_of_serving() -> None:
    for ttft in (None, 200):
        together, apart = cost(ttft), cost(ttft, ("disaggregated",))
        assert cost(ttft, ("aggregated", "disaggregated")) <= min(together, apart) * (1 + 1e-4)


def test_prefill_and_decode_may_live_on_different_accelerators() -> None:
    """Decode is bound by bandwidth, prompts by arithmetic: each role goes where its resource is cheap."""
    plan = solve(study(None, ("disaggregated",)), compare=False)
    assert set(plan.instances["role"]) == {"prefill", "decode"}
    names = {check.name for check in plan.certificate.checks}
    assert "prompts of chat processed before decode" in names
    decode = plan.instances[plan.instances["role"] == "decode"]
    prefill = plan.instances[plan.instances["role"] == "prefill"]
    assert decode["tokens_per_s"].sum() == pytest.approx(40 * 200)
    assert prefill["tokens_per_s"].sum() == pytest.approx(40 * 200)


def test_without_a_link_between_nodes_there_is_nobody_to_send_the_cache_to() -> None:
    lonely = {
        "name": "lonely", "hbm_gb": 80, "hbm_bandwidth_gb_s": 2000, "tflops": {"bf16": 300}, "scaleup_domain": 1,
    }  # fmt: skip
    fleet = {"supply": [{"accelerator": lonely, "price_usd_per_hour": 1.0}]}
    assert solve(study(fleet=fleet), compare=False).found
    assert not solve(study(None, ("disaggregated",), fleet=fleet), compare=False).found


def test_prefix_hits_make_prompts_cheaper() -> None:
    half = study()
    half["workloads"][0]["prefix_hit_rate"] = "50%"
    assert solve(half, compare=False).usd_per_hour < cost()


def test_screening_changes_no_objective_with_roles_and_first_tokens() -> None:
    config = study(200, ("aggregated", "disaggregated"), solver={"gap": 0})
    screened, whole = (solve(config, screening=on, compare=False).objective.value for on in (True, False))
    assert screened == pytest.approx(whole, rel=1e-9)
