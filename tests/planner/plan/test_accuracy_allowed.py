"""An answer without a plan says how far the predictions may be off that it rests on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from planner import solve
from planner.config.load import load_study
from planner.report.plan_page import plan_html

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
CONFIG: dict[str, Any] = {
    "fleet": {"supply": [
        {"accelerator": "l40s", "price_usd_per_hour": 1.0, "limit": 1},
        {"accelerator": "h100-sxm", "price_usd_per_hour": 2.0, "limit": 1},
    ]},
    "models": {"m": {"architecture": "llama-3.1-8b", "weight_precisions": ["fp8"]}},
    "workloads": [
        {"name": "w", "model": "m", "demand_tokens_per_s": 1e6, "input_tokens": 100, "output_tokens": 100}
    ],
    "layouts": {"instance_gpus": [1]},
}  # fmt: skip


def test_what_is_known_of_everything_that_is_allowed() -> None:
    plan = solve(load_study(CONFIG), explain=False)
    assert plan.status.termination == "infeasible"
    sentences = [row["sentence"] for row in plan.accuracy]
    assert any("l40s" in sentence for sentence in sentences)
    assert any("h100-sxm in fp8" in sentence for sentence in sentences)
    assert all(row["deployments"] == [] for row in plan.accuracy)
    assert "How far off times may be" in plan_html(plan.to_dict())


def test_measured_capacity_is_no_prediction() -> None:
    from planner.plan.accuracy import accuracy_allowed

    study = load_study(EXAMPLES / "measured-capacity.yaml")
    assert accuracy_allowed(study) == ()
