"""What the config allows and forbids: every choice of a deployment has a check of its own, from the config alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from planner.allocation import Deployment
from planner.certificate.certificate import Certificate, certify
from planner.certificate.described import described
from planner.config.load import load_study
from planner.config.resolved import ResolvedStudy
from planner.config.variants import with_config, with_layouts, with_model
from planner.problem.answer import Answer
from planner.problem.problem import Problem
from planner.questions.ask import ask

DENSE: dict[str, Any] = {
    "fleet": {"supply": [{"accelerator": "h100-sxm", "price_usd_per_hour": 2.0}]},
    "models": {
        "m": {
            "architecture": "llama-3.1-70b",
            "weight_precisions": ["fp8"],
            "kv_precisions": ["fp8"],
            "speculation": [{"draft": "llama-3.1-8b", "acceptance": 0.8, "draft_tokens": [3]}],
            "speculation_only": True,
        }
    },
    "workloads": [
        {
            "name": "chat",
            "input_tokens": 800,
            "output_tokens": 300,
            "demand_tokens_per_s": 9000,
            "max_tpot_ms": 40,
        }
    ],
    "layouts": {"instance_gpus": [4], "tensor_parallel": ["2d"], "pipeline": [1]},
    "assumptions": "erdil-2025",
    "solver": {"gap": 1e-4},
}
MIXTURE: dict[str, Any] = {
    "fleet": {"supply": [{"accelerator": "h200-sxm", "price_usd_per_hour": 2.5}]},
    "models": {
        "m": {"architecture": "qwen3-235b-a22b", "weight_precisions": ["fp8"], "kv_precisions": ["fp8"]}
    },
    "workloads": [{"name": "chat", "input_tokens": 800, "output_tokens": 300, "demand_tokens_per_s": 9000}],
    "layouts": {"instance_gpus": [16], "pipeline": [2], "expert_parallel": [True], "attention_groups": [2]},
    "assumptions": "serving-2026",
    "serving": ["disaggregated"],
    "solver": {"gap": 1e-3},
}


@cache
def answered(name: str) -> Answer:
    return ask(Problem(load_study({"dense": DENSE, "mixture": MIXTURE}[name])))


def certified_with(answer: Answer, study: ResolvedStudy) -> Certificate:
    assert answer.allocation is not None
    return certify(study, answer.allocation, answer.options)


def failed(certificate: Certificate) -> set[str]:
    """The checks that failed, by what comes after the deployment's name."""
    return {check.name.rpartition(" has ")[2] for check in certificate.failures}


@pytest.mark.parametrize("name", ["dense", "mixture"])
def test_the_plans_pass(name: str) -> None:
    answer = answered(name)
    assert not certified_with(answer, answer.study).failures


FORBIDDEN: dict[str, tuple[str, Callable[[ResolvedStudy], ResolvedStudy], set[str]]] = {
    "size": ("dense", lambda s: with_layouts(s, instance_gpus=(8,)), {"an allowed size"}),
    "2d": ("dense", lambda s: with_layouts(s, tensor_parallel=("1d",)), {"an allowed tensor parallelism"}),
    "pipeline": ("mixture", lambda s: with_layouts(s, pipeline=(1,)), {"allowed pipeline stages"}),
    "experts": ("mixture", lambda s: with_layouts(s, expert_parallel=(False,)), {"allowed expert parallelism"}),
    "groups": ("mixture", lambda s: with_layouts(s, attention_groups=(1, 4)), {"allowed attention groups"}),
    "weights": ("dense", lambda s: with_model(s, "m", weight_precisions=("bf16",)), {"an allowed weight precision"}),
    "KV": ("dense", lambda s: with_model(s, "m", kv_precisions=("bf16",)), {"an allowed KV precision"}),
    "role": ("mixture", lambda s: with_config(s, serving=("aggregated",)), {"an allowed role"}),
    "draft tokens": (
        "dense",
        lambda s: with_model(s, "m", speculation=(replace(s.models[0].speculation[0], draft_tokens=(2,)),)),
        {"an allowed speculation"},
    ),
}  # fmt: skip
"""What the config no longer allows, and the only checks that then fail."""


@pytest.mark.parametrize("what", FORBIDDEN)
def test_what_the_config_forbids_is_caught_by_its_own_check(what: str) -> None:
    name, change, expected = FORBIDDEN[what]
    answer = answered(name)
    assert failed(certified_with(answer, change(answer.study))) == expected


def corrupted(answer: Answer, change: Callable[[Deployment], Deployment], which: int = 0) -> Certificate:
    assert answer.allocation is not None
    deployments = list(answer.allocation.deployments)
    deployments[which] = change(deployments[which])
    allocation = replace(answer.allocation, deployments=tuple(deployments))
    return certify(answer.study, allocation, answer.options)


def words(
    layout: str = "2d4", weights: str = "fp8", kv: str = "fp8", speculation: str = "llama-3.1-8b-g3"
) -> Any:
    return lambda d: replace(d, option=replace(d.option, fields=(layout, weights, kv, speculation)))


def test_plain_decoding_where_it_is_not_allowed_is_caught() -> None:
    certificate = corrupted(answered("dense"), words(speculation=""))
    assert "an allowed speculation" in failed(certificate)


def test_a_draft_on_a_prefill_instance_is_caught() -> None:
    answer = answered("dense")
    certificate = corrupted(answer, lambda d: replace(d, option=replace(d.option, role="prefill")))
    assert {"an allowed speculation", "an allowed role"} <= failed(certificate)


@pytest.mark.parametrize("layout", ["tp4", "2d8", "2d4-pp2", "2d4-ep", "2d4-adp2", "four", ""])
def test_words_that_are_not_the_tables_are_caught(layout: str) -> None:
    """The certificate reads a deployment by its words; step times come from its table: both must say the same."""
    certificate = corrupted(answered("dense"), words(layout))
    assert "known step times" in failed(certificate)


@pytest.mark.parametrize(
    ("layout", "missing"),
    [
        ("2d4-ep", "allowed expert parallelism"),
        ("2d4-adp2", "allowed attention groups"),
        ("2d8", "an allowed size"),
    ],
)
def test_what_a_dense_model_cannot_have_is_caught(layout: str, missing: str) -> None:
    assert missing in failed(corrupted(answered("dense"), words(layout)))


def test_a_layout_that_cannot_run_is_caught() -> None:
    """2D needs a square of ranks: 2 are none, whatever the config lists."""
    answer = answered("dense")
    study = with_layouts(answer.study, instance_gpus=(2, 4))
    assert answer.allocation is not None
    first = words("2d2")(answer.allocation.deployments[0])
    first = replace(first, option=replace(first.option, gpus=2))
    allocation = replace(answer.allocation, deployments=(first, *answer.allocation.deployments[1:]))
    assert "a layout that can run" in failed(certify(study, allocation, answer.options))


@pytest.mark.parametrize("speculation", ["other-g3", "llama-3.1-8b-gx", "llama-3.1-8b"])
def test_words_that_mean_nothing_are_caught(speculation: str) -> None:
    certificate = corrupted(answered("dense"), words(speculation=speculation))
    assert any("is described in the config's words" in check.name for check in certificate.failures)


def test_deployments_are_read_by_their_words() -> None:
    answer = answered("mixture")
    assert answer.allocation is not None
    for deployment in answer.allocation.deployments:
        found = described(answer.study, deployment)
        assert found is not None
        assert (found.two_d, found.stages, found.experts, found.groups, found.gpus) == (False, 2, True, 2, 16)
        assert found.layout.labels() == [deployment.option.fields[0]]
    dense = answered("dense")
    assert dense.allocation is not None
    draft = described(dense.study, dense.allocation.deployments[0])
    assert draft is not None and [a.name for a in draft.architectures] == ["llama-3.1-70b", "llama-3.1-8b"]
    assert draft.drafted == 3


def test_more_tokens_per_step_than_its_speculation_yields_are_caught() -> None:
    for name in ("dense", "mixture"):
        for which, deployment in enumerate(answered(name).allocation.deployments):  # type: ignore[union-attr]
            more = deployment.option.tokens_per_step * np.float64(1.01)
            option = replace(deployment.option, tokens_per_step=more)
            certificate = corrupted(answered(name), lambda d, o=option: replace(d, option=o), which)
            assert any("tokens per step" in check.name for check in certificate.failures)


def test_a_measured_kind_must_be_the_tables(tmp_path: Any) -> None:
    table = tmp_path / "measured.csv"
    table.write_text("model,accelerator,gpus,workload,requests_per_s\nm,gpu,2,chat,10\n")
    config = {
        "fleet": {"supply": [{"accelerator": "gpu", "price_usd_per_hour": 1.0}]},
        "workloads": [{"name": "chat", "model": "m", "demand_requests_per_s": 95}],
        "profiles": [str(table)],
        "physics": False,
    }
    answer = ask(Problem(load_study(config)))
    assert not certified_with(answer, answer.study).failures
    for changes in ({"gpus": 1}, {"role": "decode"}, {"model": "n"}):
        certificate = corrupted(answer, lambda d, c=changes: replace(d, option=replace(d.option, **c)))
        assert any("is a measured kind" in check.name for check in certificate.failures), changes
