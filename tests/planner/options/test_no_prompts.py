"""A workload without prompts needs no prefill instance where prompts are processed apart."""

from __future__ import annotations

from typing import Any

import pytest

from planner import solve

STUDY: dict[str, Any] = {
    "name": "no prompts",
    "fleet": {"supply": [{"accelerator": "l40s", "price_usd_per_hour": 0.8, "limit": 64}]},
    "models": {"m": {"architecture": "llama-3.1-8b", "weight_precisions": ["fp8"]}},
    "workloads": [{"name": "chat", "output_tokens": 300, "demand_tokens_per_s": 20000, "min_pace_tokens_per_s": 30}],
    "layouts": {"instance_gpus": [1, 2]},
    "serving": ["disaggregated"],
}  # fmt: skip


def test_it_is_decoded_alone() -> None:
    plan = solve(STUDY, compare=False)
    assert plan.status.solution == "proven" and plan.certificate.passed
    assert set(plan.instances["role"]) == {"decode"}
    together = solve({**STUDY, "serving": ["aggregated"]}, compare=False)
    assert plan.usd_per_hour == pytest.approx(together.usd_per_hour)


def test_beside_another_it_takes_no_prefill_instance() -> None:
    other = STUDY["workloads"][0] | {"name": "code", "input_tokens": 2000}
    both = solve({**STUDY, "workloads": [*STUDY["workloads"], other]}, compare=False)
    assert both.certificate.passed
    served = both.service.merge(both.instances, left_on=["option", "supply"], right_on=["option", "supply"])
    assert set(served[served["role"] == "prefill"]["workload"]) == {"code"}


def test_its_throughput_may_be_asked_for() -> None:
    free = {key: value for key, value in STUDY["workloads"][0].items() if key != "demand_tokens_per_s"}
    plan = solve({**STUDY, "workloads": [free], "question": {"maximise": "throughput"}}, compare=False)
    assert plan.status.solution == "proven" and plan.certificate.passed


def test_its_first_token_is_due_from_the_decode_instance() -> None:
    slow = STUDY["workloads"][0] | {"max_ttft_ms": 200}
    plan = solve({**STUDY, "workloads": [slow]}, compare=False)
    found = [check for check in plan.certificate.checks if check.name.startswith("mean TTFT of chat")]
    assert found and all(check.passed for check in found)
    missed = solve({**STUDY, "workloads": [slow | {"max_ttft_ms": 5}]}, compare=False)
    assert missed.status.solution == "none"
