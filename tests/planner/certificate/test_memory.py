"""HBM from architecture and precision alone: whatever the option's own capacity says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from planner.certificate.certificate import certify
from planner.certificate.described import described
from planner.certificate.memory import needed_gb
from planner.config.load import load_study
from planner.options.performance import Performance
from planner.problem.answer import Answer
from planner.problem.problem import Problem
from planner.questions.ask import ask
from tests.planner.certificate.test_allowed import answered

GB = 1e9


def config(**changes: Any) -> dict[str, Any]:
    return {
        "fleet": {"supply": [{"accelerator": "h100-sxm", "price_usd_per_hour": 2.0}]},
        "models": {"m": {"architecture": "llama-3.1-8b", "weight_precisions": ["bf16"], "kv_precisions": ["bf16"]}},
        "workloads": [
            {"name": "chat", "input_tokens": 1000, "output_tokens": 1000, "demand_tokens_per_s": 30000}
        ],
        "layouts": {"instance_gpus": [1]},
        "assumptions": "erdil-2025",
        **changes,
    }  # fmt: skip


def roomier(answer: Answer, factor: float) -> Answer:
    """The same options on tables that believe in more room for KV cache: what a wrong capacity would have given."""
    places: dict[str, tuple[Performance, int]] = {}
    for kind, (performance, row) in answer.options.performances.items():
        places[kind] = replace(performance, capacity=performance.capacity * factor), row
    return replace(answer, options=replace(answer.options, performances=places))


def test_by_hand() -> None:
    # Llama 3.1 8B: 8.03e9 parameters of 2 bytes; a sequence of 1,500 tokens: 2·8·128 elements·32 layers·2 bytes each.
    answer = ask(Problem(load_study(config())))
    assert answer.allocation is not None
    found = described(answer.study, answer.allocation.deployments[0])
    assert found is not None
    assert needed_gb(answer.study, found, {}) == pytest.approx(8.03e9 * 2 / GB, rel=0.01)
    sequence = 2 * 8 * 128 * 32 * 2 * 1500 / GB
    ten = needed_gb(answer.study, found, {"chat": 10.0}) - needed_gb(answer.study, found, {})
    assert ten == pytest.approx(10 * sequence)


def test_a_plan_of_a_wrong_capacity_fails_although_its_own_tables_agree() -> None:
    """Limits 1.5 times too high, in option and table alike: only architecture and precision tell."""
    answer = roomier(ask(Problem(load_study(config()))), 1.5)
    assert answer.allocation is not None
    first = answer.allocation.deployments[0]
    wrong = replace(first, option=replace(first.option, batch_limit=first.option.batch_limit * 1.5))
    allocation = replace(answer.allocation, deployments=(wrong, *answer.allocation.deployments[1:]))
    names = [check.name for check in certify(answer.study, allocation, answer.options).failures]
    assert any("HBM of" in name and "at the mean batch" in name for name in names)
    assert any("HBM of" in name and "at the engine's batch limit" in name for name in names)


def test_a_cheaper_precision_in_words_alone_is_no_way_out() -> None:
    """bf16 tables under fp8 words: the step times are not those of what the plan says."""
    answer = ask(Problem(load_study(config())))
    assert answer.allocation is not None
    first = answer.allocation.deployments[0]
    named = replace(first, option=replace(first.option, fields=(first.option.fields[0], "fp8", "bf16", "")))
    allocation = replace(answer.allocation, deployments=(named, *answer.allocation.deployments[1:]))
    assert certify(answer.study, allocation, answer.options).failures


def test_the_draft_is_held_where_the_set_says_so() -> None:
    answer = answered("dense")
    assert answer.allocation is not None
    found = described(answer.study, answer.allocation.deployments[0])
    assert found is not None
    both = needed_gb(answer.study, found, {"chat": 1.0})
    choices = answer.study.assumptions.choices
    values = list(type(choices).model_fields["speculation_memory"].annotation.__args__)  # type: ignore[union-attr]
    other = next(value for value in values if value != choices.speculation_memory)
    changed = answer.study.assumptions.model_copy(
        update={"choices": choices.model_copy(update={"speculation_memory": other})}
    )
    alone = needed_gb(replace(answer.study, assumptions=changed), found, {"chat": 1.0})
    more, less = max(both, alone), min(both, alone)
    assert more - less == pytest.approx(8.03, rel=0.05)  # 8.03e9 parameters of one byte, and a little cache


def test_prefill_instances_hold_their_weights_and_a_prompt() -> None:
    answer = answered("mixture")
    assert answer.allocation is not None
    certificate = certify(answer.study, answer.allocation, answer.options)
    prompts = [check for check in certificate.checks if "for a prompt of chat" in check.name]
    assert prompts and all(check.unit == "GB" and check.passed for check in prompts)
    smaller = replace(
        answer.study,
        supplies=tuple(
            replace(s, accelerator=s.accelerator and s.accelerator.model_copy(update={"reported_gib": 10.0}))
            for s in answer.study.supplies
        ),
    )
    failed = [check.name for check in certify(smaller, answer.allocation, answer.options).failures]
    assert any("for a prompt of chat" in name for name in failed)
    assert any("at the mean batch" in name for name in failed)


def test_mixed_pools_are_checked_at_each_whole_batch_alone() -> None:
    workloads = [
        {"name": "chat", "input_tokens": 500, "output_tokens": 300, "demand_tokens_per_s": 3000},
        {"name": "long", "input_tokens": 9000, "output_tokens": 300, "demand_tokens_per_s": 200},
    ]
    answer = ask(Problem(load_study(config(workloads=workloads, question={"minimise": "gpus"}))))
    assert answer.allocation is not None
    names = [check.name for check in certify(answer.study, answer.allocation, answer.options).checks]
    mixed = [d for d in answer.allocation.deployments if len(d.tokens_per_s) == 2]
    assert mixed, "the study is meant to pool its workloads"
    for workload in ("chat", "long"):
        assert any(f"for {workload} at its batch limit alone" in name for name in names)
    assert np.isfinite(answer.objective or np.nan)
