"""Every model of the catalogue is planned on one node, or the plan says which memory is missing."""

from __future__ import annotations

from typing import Any

import pytest

from fleets import catalog
from planner import solve
from planner.config.load import load_study

MODELS = [name for name in catalog.names("architectures") if not name.startswith("paper-")]
TOO_LARGE = {
    ("kimi-k3", "b200-sxm"), ("kimi-k3", "h200-sxm"), ("glm-5.1", "b200-sxm"), ("glm-5.1", "h200-sxm"),
    ("glm-5.2", "b200-sxm"), ("glm-5.2", "h200-sxm"), ("longcat-flash-chat", "h200-sxm"),
    ("nemotron-3-ultra-550b-a55b-bf16", "h200-sxm"), ("palm-540b", "h200-sxm"),
}  # fmt: skip
"""In the precision of their checkpoint: 1.1 to 1.5 TB in 16 bits, or in 4 (Kimi-K3)."""


NOT_STARTED = {("mimo-v2-flash", "h200-sxm")}
"""Keys of 192 in FP8 blocks of 128: two accelerators at most share them, and 309 GB do not fit two of these."""


def config(accelerator: str, model: dict[str, Any], **workload: Any) -> dict[str, Any]:
    return {
        "fleet": {"supply": [{"accelerator": accelerator, "limit": 8}]},
        "models": {"m": model},
        "workloads": [{"name": "w", "model": "m", "input_tokens": 1000, "output_tokens": 500,
                       "demand_tokens_per_s": 200, **workload}],
        "layouts": {"instance_gpus": [1, 2, 4, 8]}, "detail": "quick",
    }  # fmt: skip


@pytest.mark.parametrize("accelerator", ["b200-sxm", "h200-sxm"])
@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_planned_or_its_missing_memory_is_named(name: str, accelerator: str) -> None:
    study = load_study(config(accelerator, {"architecture": name}))
    plan = solve(study, compare=False, explain=False)
    assert plan.found == ((name, accelerator) not in TOO_LARGE | NOT_STARTED)
    if (name, accelerator) in NOT_STARTED:
        assert {"the engine does not start it", "does not fit into HBM"} == {
            r["reason"] for r in plan.rejected
        }
    elif not plan.found:
        (rejection,) = plan.rejected
        assert "GB for weights and one sequence" in rejection["needed"]
        assert "GB of usable HBM" in rejection["available"]


def test_nemotron_3_ultra_in_8_bits_fits_one_node() -> None:
    """A public sizing tool answered eleven nodes of it."""
    model = {"architecture": "nvidia/NVIDIA-Nemotron-3-Ultra-550B-A55B-BF16", "weight_precisions": ["fp8"]}
    plan = solve(load_study(config("h200-sxm", model, min_pace_tokens_per_s=20, demand_tokens_per_s=500)))
    assert (plan.gpus, plan.status.solution) == (8, "proven")


@pytest.mark.parametrize(
    "name", ["qwen3.6-27b-nvfp4", "deepseek-v3", "deepseek-v4-flash", "qwen3.5-122b-a10b"]
)
def test_a_models_own_head_drafts(name: str) -> None:
    speculation = [{"draft": "mtp", "acceptance": 0.8, "draft_tokens": [2]}]
    model = {"architecture": name, "weight_precisions": ["fp8"]}
    asked = {"min_pace_tokens_per_s": 30, "demand_tokens_per_s": 1000}
    plain, free, drafted = (
        solve(load_study(config("b200-sxm", {**model, **more}, **asked)), compare=False)
        for more in ({}, {"speculation": speculation}, {"speculation": speculation, "speculation_only": True})
    )
    assert set(drafted.instances["speculation"]) == {"mtp-g2"}
    assert free.objective.value <= plain.objective.value


def test_towers_and_streams_are_said() -> None:
    vision = load_study(config("b200-sxm", {"architecture": "qwen3.5-122b-a10b"}))
    (said,) = solve(vision, compare=False).read_as
    assert said == "m: its towers for images and sound, 0.45 billion parameters, take memory and no time"
    streams = load_study(config("b200-sxm", {"architecture": "deepseek-v4-flash"}))
    assert "mixing its 4 residual streams is left out of the time" in str(
        solve(streams, compare=False).read_as
    )
