"""What a serving engine allows, from the config alone: sequences, the longest request, layouts that start."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from planner.certificate.certificate import certify
from planner.config.load import load_study
from planner.problem.problem import Problem
from planner.questions.ask import ask
from tests.planner.test_engine_settings import config


def failed_under(study: dict[str, Any], **settings: Any) -> list[str]:
    """Names of the checks that the study's plan fails where the config's settings were others."""
    answer = ask(Problem(load_study(study)))
    assert answer.allocation is not None
    assert certify(answer.study, answer.allocation, answer.options).passed
    model = answer.study.models[0]
    other = replace(answer.study, models=(replace(model, settings=replace(model.settings, **settings)),))
    return [check.name for check in certify(other, answer.allocation, answer.options).failures]


def test_sequences_at_the_mean_and_at_whole_batches() -> None:
    failed = failed_under(config(max_num_seqs=20), max_num_seqs=15)
    assert any(name.startswith("sequences of") and name.endswith("at the mean batch") for name in failed)
    assert any(name.startswith("sequences of") and "for chat" in name for name in failed)


def test_a_workloads_own_sequences() -> None:
    study = config()
    study["workloads"][0]["max_num_seqs"] = 20
    answer = ask(Problem(load_study(study)))
    assert answer.allocation is not None
    fewer = replace(answer.study, workloads=(replace(answer.study.workloads[0], max_num_seqs=15),))
    failed = [check.name for check in certify(fewer, answer.allocation, answer.options).failures]
    assert any(name.startswith("sequences of") for name in failed)


def test_memory_for_the_longest_request() -> None:
    assert not failed_under(config(max_num_seqs=20), max_model_len=100_000)
    failed = failed_under(config(max_num_seqs=20), max_model_len=1_000_000)
    assert failed and all("for one request of 1,000,000 tokens" in name for name in failed)


def test_a_smaller_share_of_memory() -> None:
    assert any(name.startswith("HBM of") for name in failed_under(config(), memory_share=0.2))


def test_a_layout_that_the_engine_does_not_start() -> None:
    study = {
        **config(),
        "models": {"m": {"architecture": "qwen3-235b-a22b", "weight_precisions": ["fp8"]}},
        "layouts": {"instance_gpus": [8], "expert_parallel": [False]},
        "assumptions": "default",
    }
    answer = ask(Problem(load_study(study)))
    assert answer.allocation is not None
    strict = load_study({**study, "engine": "vllm"})
    failed = [check.name for check in certify(strict, answer.allocation, answer.options).failures]
    assert any("has a layout that the engine starts" in name for name in failed)
