"""Margins, and what a plan says it would have cost without them and under the paper's ideal constants."""

from __future__ import annotations

from typing import Any

import pytest

from planner import InputError, load_study, solve


def study(**changes: Any) -> dict[str, Any]:
    return {
        "fleet": {"supply": [{"accelerator": "h100-sxm", "price_usd_per_hour": 2.0}]},
        "models": {"m": {"architecture": "llama-3.1-8b", "weight_precisions": ["fp8"]}},
        "workloads": [
            {
                "name": "chat", "context_tokens": 1000, "demand_tokens_per_s": 200_000, "min_pace_tokens_per_s": 50,
                "max_ttft_ms": 900,
            }
        ],
        "prefill": False,
        **changes,
    }  # fmt: skip


def test_a_margin_holds_as_if_every_predicted_time_were_that_much_longer() -> None:
    plain = load_study(study(assumptions="default")).workloads[0]
    careful = load_study(study(assumptions="default", safety="25%")).workloads[0]
    assert careful.demand == pytest.approx(1.25 * plain.demand)
    assert careful.pace == pytest.approx(1.25 * plain.pace)
    assert careful.max_ttft_s == pytest.approx(0.9 / 1.25)
    assert careful.without_margin().max_ttft_s == pytest.approx(plain.max_ttft_s)
    assert (careful.asked_demand, careful.asked_pace) == pytest.approx((plain.demand, plain.pace))


def test_a_workloads_own_margin_replaces_the_configs() -> None:
    config = study(assumptions="default", safety="25%")
    config["workloads"][0]["safety"] = 0
    assert load_study(config).workloads[0].safety == 0


SIZES = {"instance_gpus": [1, 2, 4, 8]}
"""Instances as large as those that were measured."""


def test_a_quantile_is_that_of_the_regime_where_nothing_else_is_allowed() -> None:
    resolved = load_study(study(safety="p90", layouts=SIZES))
    fit, workload = resolved.assumptions.fit, resolved.workloads[0]
    assert fit is not None
    regime = next(
        r for r in fit.regimes if (r.family, r.accelerator, r.precision) == ("dense", "h100-sxm", "fp8")
    )
    own = [found for found in regime.errors if found.facet != "family"]
    assert workload.safety == pytest.approx(max(found.tpot.quantiles["90"] for found in own) - 1)
    first = max(found.ttft.quantiles["90"] for found in own if found.ttft)
    assert workload.first_token_safety == pytest.approx(first - 1)
    assert workload.max_ttft_s == pytest.approx(0.9 / first)
    assert "dense models on h100-sxm in fp8" in workload.safety_of


def test_a_quantile_is_never_narrower_than_what_the_config_allows() -> None:
    def margin(supply: list[dict[str, Any]], **changes: Any) -> tuple[float, str]:
        workload = load_study(study(safety="p90", fleet={"supply": supply}, **changes)).workloads[0]
        return workload.safety, workload.safety_of

    h100, mi300x = ({"accelerator": a, "price_usd_per_hour": 2.0} for a in ("h100-sxm", "mi300x"))
    measured, _ = margin([h100], layouts=SIZES)
    both, words = margin([h100, mi300x], layouts=SIZES)
    larger, because = margin([h100])
    assert measured < both == larger
    assert "accelerator mi300x" in words and "more than 8 accelerators in an instance" in because


def test_quantiles_without_a_measurement_are_refused() -> None:
    with pytest.raises(InputError, match="choose p50, p75"):
        load_study(study(safety="p42"))
    with pytest.raises(InputError, match="choose p50, p75"):
        load_study(study(safety="p10"))


def test_a_set_without_measurements_has_no_quantiles() -> None:
    with pytest.raises(
        InputError, match="no error quantile p90: it is not fitted to measurements; write a percentage"
    ):
        load_study(study(assumptions="default", safety="p90"))


def test_plans_say_what_the_margin_and_reality_cost() -> None:
    plan = solve(study(safety="10%"))
    without, ideal = (plan.sensitivity[f"{name}_usd_per_hour"] for name in ("without_margin", "ideal"))
    assert without == pytest.approx(solve(study(), compare=False).usd_per_hour)
    assert without <= plan.usd_per_hour and ideal < plan.usd_per_hour
    text = " ".join(plan.notes)
    assert "the margin costs $" in text and "erdil-2025" in text


def test_a_config_without_a_set_gets_the_fitted_one() -> None:
    assert load_study(study()).assumptions.name == "serving-2026"
