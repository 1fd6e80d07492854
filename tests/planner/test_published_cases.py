"""Deployments that were published, as whole questions: what fits, what starts, how many accelerators a service took.

Sources stand beside the cases. What is still off is held inside a band, so that it does not get worse unseen.
"""

from __future__ import annotations

from typing import Any

import pytest

from planner import solve
from planner.config.load import load_study
from planner.plan.plan import Plan


def one_instance(architecture: str, accelerator: str, gpus: int, context: int, **changes: Any) -> Plan:
    """The most that one instance serves at a negligible pace: its batch is what its memory holds."""
    model = {"architecture": architecture, "kv_precisions": ["bf16"], **changes.pop("model", {})}
    layouts = {"instance_gpus": [gpus], "pipeline": [1], "expert_parallel": [False], "attention_groups": [1]}
    workload = {
        "name": "w", "model": "m", "input_tokens": 1, "output_tokens": 100, "context_tokens": context,
        "demand_tokens_per_s": 1, "min_pace_tokens_per_s": 0.01,
    }  # fmt: skip
    return solve(load_study({
        "fleet": {"supply": [{"accelerator": accelerator, "price_usd_per_hour": 2.0, "limit": gpus}]},
        "models": {"m": model}, "workloads": [workload], "question": {"maximise": "throughput", "workload": "w"},
        "assumptions": "vllm-2026", "prefill": False, "detail": "quick", **changes,
        "layouts": {**layouts, **changes.get("layouts", {})},
    }), explain=False)  # fmt: skip


@pytest.mark.parametrize(
    ("architecture", "precision", "context", "fits"),
    [
        ("llama-3.3-70b", "fp8", 16_000, False),
        ("llama-3.3-70b", "fp8", 4_000, False),
        ("qwen3-32b", "bf16", 32_000, False),
        ("qwen3-32b", "bf16", 16_000, True),
        ("gpt-oss-120b", "mxfp4", 16_000, False),
        ("gpt-oss-20b", "mxfp4", 16_000, True),
    ],
)
def test_what_starts_on_one_h100_under_vllm_0_11(
    architecture: str, precision: str, context: int, fits: bool
) -> None:
    """llm-d-incubation/llm-d-planner, docs/empirical-vllm-memory-results.md: at its default share of memory, 0.90."""
    model = {"weight_precisions": [precision]}
    assert one_instance(architecture, "h100-sxm", 1, context, engine="vllm 0.11", model=model).found == fits


def test_seventy_billion_parameters_on_six_gpus() -> None:
    """vllm-project/vllm issues 11147 and 4232: two tensor ranks in three stages of 27, 27 and 26 layers; 48 GB cards."""
    layouts = {"pipeline": [1, 3]}
    (row,) = one_instance("llama-3.1-70b", "l40s", 6, 2_000, layouts=layouts).instances.to_dict("records")
    assert row["layout"] == "tp2-pp3"


def test_deepseek_r1_in_two_stages_of_61_layers() -> None:
    """ray-project/ray, deployment-serve-llm/large-size-llm: 29 sequences of 32,768 tokens on 16 H100."""
    layouts = {"pipeline": [2]}
    (row,) = one_instance("deepseek-r1", "h100-sxm", 16, 32_768, layouts=layouts).instances.to_dict("records")
    assert row["layout"].startswith("tp8-pp2")
    assert row["batch"] == pytest.approx(29, abs=4)


def test_fp8_experts_in_blocks_do_not_start_on_eight_tensor_ranks() -> None:
    """vllm-project/vllm issue 17569: 1,536 over 8 ranks are 192, one and a half blocks of 128."""
    model = {"weight_precisions": ["fp8"]}
    free = {"expert_parallel": [False, True]}
    (row,) = one_instance(
        "qwen3-235b-a22b", "h100-sxm", 8, 4_000, model=model, layouts=free
    ).instances.to_dict("records")
    assert "ep" in row["layout"]


DAY = {
    "fleet": {"supply": [{"accelerator": "h800-sxm", "price_usd_per_hour": 2.0, "unit": 8}]},
    "models": {"r1": {"architecture": "deepseek-r1", "weight_precisions": ["fp8"], "kv_precisions": ["bf16", "fp8"]}},
    "workloads": [{
        "name": "day", "model": "r1", "input_tokens": 4384, "output_tokens": 1211, "demand_tokens_per_s": 1_944_444,
        "min_pace_tokens_per_s": 21, "prefix_hit_rate": "56.3%",
    }],
    "serving": ["aggregated", "disaggregated"], "question": {"minimise": "gpus"}, "detail": "quick",
}  # fmt: skip
PUBLISHED_GPUS = 1814


def test_deepseeks_day() -> None:
    """deepseek-ai/open-infra-index, 202502OpenSourceWeek day 6: 226.75 nodes of 8 H800 on average, 608e9 tokens in (56 %
    cached) and 168e9 out in 24 h at 20 to 22 tokens/s, in expert groups of 32 (prompts) and 144 (decode).

    2,800 GPUs now, 54 % too many (4,848 while host time was charged for an instance's whole batch): decode kernels are
    taken for slower than DeepSeek's own. A prediction inside ±30 % is the aim; this holds what is reached.
    """
    gpus = solve(load_study(DAY), explain=False).gpus
    assert 0.7 * PUBLISHED_GPUS <= gpus <= 1.6 * PUBLISHED_GPUS
