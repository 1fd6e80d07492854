"""Settings of the serving engine: what the config may set, what the plan says, what limits an instance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

import planner
from planner.cli import app
from planner.config.load import load_study
from planner.errors import InputError
from planner.problem.problem import Problem


def config(**model: Any) -> dict[str, Any]:
    return {
        "fleet": {"supply": [{"accelerator": "h100-sxm", "price_usd_per_hour": 2.0}]},
        "models": {"m": {"architecture": "llama-3.1-8b", **model}},
        "layouts": {"instance_gpus": [1]},
        "workloads": [
            {"name": "chat", "input_tokens": 1000, "output_tokens": 500, "demand_tokens_per_s": 9000,
             "max_tpot_ms": 60}
        ],
    }  # fmt: skip


def test_max_num_seqs_holds_the_batch_and_stands_in_the_plan() -> None:
    free, held = planner.solve(config()), planner.solve(config(max_num_seqs=20))
    assert free.instances["mean_batch"].max() > 20 >= held.instances["batch"].max()
    assert held.usd_per_hour > free.usd_per_hour
    assert "max_num_seqs" in held.instances["binding"][0]
    assert held.instances["engine"][0]["max_num_seqs"] == 20
    assert free.instances["engine"][0] == {
        "engine": "vllm 0.33", "usable_memory_share": 0.92, "max_num_seqs": 1024, "max_num_batched_tokens": 8192,
        "max_model_len": 1500,
    }  # fmt: skip


def test_a_workload_may_have_fewer_sequences_than_its_model() -> None:
    study = config(max_num_seqs=64)
    study["workloads"][0]["max_num_seqs"] = 10
    assert planner.solve(study).instances["batch"].max() <= 10


def test_a_smaller_share_leaves_less_for_the_cache() -> None:
    tight = {**config(usable_memory_share=0.35), "question": {"minimise": "gpus"}}
    roomy = {**config(), "question": {"minimise": "gpus"}}
    assert (
        planner.solve(tight).instances["mean_batch"].max()
        < planner.solve(roomy).instances["mean_batch"].max()
    )


def test_an_instance_must_hold_its_longest_request() -> None:
    """Llama 3.1 8B in 80 GB leaves room for about 410,000 tokens of 128 KiB."""
    assert planner.solve(config(max_model_len=131_072)).found
    refused = planner.solve(config(max_model_len=1_000_000))
    assert not refused.found
    assert any("max_model_len" in entry["needed"] for entry in refused.rejected)


def test_more_tokens_in_a_pass_take_memory_and_make_longer_chunks() -> None:
    by_tokens = {}
    for tokens in (2048, 65536):
        source = Problem(load_study(config(max_num_batched_tokens=tokens))).options("over")
        performance, _ = next(iter(source.performances.values()))
        by_tokens[tokens] = performance
    assert by_tokens[65536].room.min() < by_tokens[2048].room.min()
    assert by_tokens[65536].engine.chunk_tokens == 65536


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"engine": "vlmm"}, "vllm"),
        ({"engine": "vllm 0.2"}, "older than 0.6"),
        ({"engine": "vllm newest"}, "engine"),
        ({"models": {"m": {"architecture": "llama-3.1-8b", "max_model_len": 1400}}}, "raise it to 1,500"),
        (
            {"models": {"m": {"architecture": "llama-3.1-8b", "usable_memory_share": 92}}},
            "usable_memory_share",
        ),
        ({"models": {"m": {"architecture": "llama-3.1-8b", "max_num_seqs": 0}}}, "max_num_seqs"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as error:
        load_study({**config(), **change})
    assert words in str(error.value)


def test_the_engine_of_the_config_replaces_the_sets() -> None:
    study = load_study({**config(), "engine": "vllm 0.16"})
    assert str(study.assumptions.serving_engine) == "vllm 0.16"
    with_engine = load_study({**config(), "assumptions": "default", "engine": "sglang"})
    assert str(with_engine.assumptions.serving_engine) == "sglang 0.5"
    assert load_study({**config(), "assumptions": "default"}).assumptions.serving_engine is None


def test_what_the_engine_does_not_start_is_left_out_with_its_reason() -> None:
    study = {
        **config(),
        "models": {"m": {"architecture": "qwen3-235b-a22b", "weight_precisions": ["fp8"]}},
        "layouts": {"instance_gpus": [8]},
    }
    plan = planner.solve(study)
    assert set(plan.instances["layout"]) == {"tp8-ep"}
    left_out = [entry for entry in plan.rejected if entry["reason"] == "the engine does not start it"]
    assert [(e["what"], e["available"]) for e in left_out] == [("m/h100-sxm/tp8/w-fp8", "192 per rank")]
    refused = planner.solve({**study, "layouts": {"instance_gpus": [8], "expert_parallel": [False]}})
    assert not refused.found


def test_check_lists_what_the_engine_does_not_start(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    models = {"m": {"architecture": "minimax-m2.5"}}
    file.write_text(yaml.safe_dump({**config(), "models": models, "layouts": {"instance_gpus": [4, 8]}}))
    answer = CliRunner().invoke(app, ["check", str(file)])
    assert answer.exit_code == 0 and "engine vllm 0.33" in answer.output
    assert "m/h100-sxm/tp8/w-fp8: the engine does not start it" in answer.output
    assert answer.output.count("left out") == 1
