"""The certificate catches every way of being wrong, each by the check that is meant for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from planner.allocation import STEADY, Allocation, Deployment
from planner.certificate.certificate import Certificate, certify
from planner.certificate.claim import claim
from planner.checks import at_least, at_most, equal, failures
from planner.config.load import load_study
from planner.problem.answer import Answer
from planner.problem.problem import Problem
from planner.questions.ask import ask

BASE: dict[str, Any] = {
    "name": "certified",
    "fleet": {
        "supply": [
            {"accelerator": "h100-sxm", "price_usd_per_hour": 2.0, "limit": 128, "unit": 8},
            {"accelerator": "a100-80gb-sxm", "price_usd_per_hour": 1.2, "limit": 64},
        ]
    },
    "models": {
        "llama-70b": {"architecture": "llama-3.1-70b", "weight_precisions": ["fp8"]},
        "llama-8b": {"architecture": "llama-3.1-8b"},
    },
    "workloads": [
        {"name": "chat", "model": "llama-70b", "input_tokens": 1000, "output_tokens": 300,
         "demand_tokens_per_s": 20000, "max_tpot_ms": 40},
        {"name": "long", "model": "llama-70b", "input_tokens": 24000, "output_tokens": 500,
         "demand_tokens_per_s": 1500},
        {"name": "small", "model": "llama-8b", "input_tokens": 500, "output_tokens": 200,
         "demand_tokens_per_s": 20000, "max_tpot_ms": 25},
    ],
    "layouts": {"instance_gpus": [1, 2, 4, 8]},
    "assumptions": "erdil-2025",
    "solver": {"gap": 1e-5, "time_limit_s": 30},
}  # fmt: skip


@cache
def _answer(**changes: Any) -> Answer:
    return ask(Problem(load_study(BASE | {key: _thawed(value) for key, value in changes.items()})))


def _thawed(value: Any) -> Any:
    return dict(value) if isinstance(value, tuple) and value and isinstance(value[0], tuple) else value


def _certified(answer: Answer, allocation: Allocation | None = None) -> Certificate:
    allocation = allocation or answer.allocation
    assert allocation is not None
    return certify(answer.study, allocation, answer.options, claim(answer))


def _corrupted(answer: Answer, change: Callable[[Deployment], Deployment], which: int = 0) -> Certificate:
    assert answer.allocation is not None
    deployments = list(answer.allocation.deployments)
    deployments[which] = change(deployments[which])
    return certify(answer.study, replace(answer.allocation, deployments=tuple(deployments)), answer.options)


def _names(certificate: Certificate) -> str:
    return "\n".join(check.name for check in certificate.failures)


def _option(**changes: Any) -> Callable[[Deployment], Deployment]:
    return lambda d: replace(d, option=replace(d.option, **changes))


def test_a_plan_passes_every_check_and_says_what_it_checked() -> None:
    certificate = _certified(_answer())
    assert certificate.passed and not certificate.failures
    for start in ("demand of", "busy time of", "HBM of", "pace of", "units of", "limit of", "cost recomputed",
                  "no worse than the plan made by hand", "bound no better than the plan made by hand",
                  "objective no better than its bound", "whole instances", "tokens per step"):  # fmt: skip
        assert any(check.name.startswith(start) for check in certificate.checks), start


CORRUPTIONS: dict[str, tuple[Callable[[Deployment], Deployment], str]] = {
    "more than its instances have time for": (
        lambda d: replace(d, tokens_per_s={w: 3 * t for w, t in d.tokens_per_s.items()}), "busy time of",
    ),
    "no instance": (lambda d: replace(d, instances=0), "whole instances of"),
    "half an instance": (lambda d: replace(d, instances=1.5), "whole instances of"),  # type: ignore[arg-type]
    "half a spare": (lambda d: replace(d, spares=0.5), "whole instances of"),  # type: ignore[arg-type]
    "less served": (
        lambda d: replace(d, tokens_per_s={w: 0.98 * t for w, t in d.tokens_per_s.items()}), "demand of",
    ),
    "served backwards": (
        lambda d: replace(d, tokens_per_s={w: -t for w, t in d.tokens_per_s.items()}), "rate of",
    ),
    "not a number": (lambda d: replace(d, tokens_per_s=dict.fromkeys(d.tokens_per_s, math.nan)), "rate of"),
    "a workload of another model": (
        lambda d: replace(d, tokens_per_s=d.tokens_per_s | {"small": 1.0, "chat": 1.0}), "may serve",
    ),
    "a supply of another accelerator": (
        lambda d: replace(d, supply="a100-80gb-sxm" if d.supply == "h100-sxm" else "h100-sxm"),
        "is an accelerator of its supply",
    ),
    "a supply that is not there": (lambda d: replace(d, supply="tpu"), "is an accelerator of its supply"),
    "a kind that is not there": (_option(kind="other"), "has known step times"),
    "another row of the table": (lambda d: _option(row=d.option.row + 1)(d), "has known step times"),
    "fewer accelerators than it runs on": (
        lambda d: _option(gpus=d.option.gpus // 2 or 2)(d), "has known step times",
    ),
    "more tokens per step than physics gives": (
        lambda d: _option(tokens_per_step=d.option.tokens_per_step * 1.05)(d), "tokens per step of",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corrupted_deployment_is_caught_by_its_check(name: str) -> None:
    change, expected = CORRUPTIONS[name]
    answer = _answer()
    assert answer.allocation is not None
    for which in range(len(answer.allocation.deployments)):
        assert expected in _names(_corrupted(answer, change, which)), (name, which)


def _limited_by(answer: Answer, resource: str) -> int:
    assert answer.allocation is not None
    for which, deployment in enumerate(answer.allocation.deployments):
        held = [name.split(":")[0] for name in deployment.option.resources]
        if set(held) == {resource}:
            return which
    raise AssertionError(f"no deployment is limited by {resource} alone")


@pytest.mark.parametrize(("resource", "expected"), [("pace", "pace of"), ("hbm", "HBM of")])
def test_a_batch_beyond_memory_or_pace_is_caught(resource: str, expected: str) -> None:
    tight = {"kv_precisions": ["bf16"], "architecture": "llama-3.1-70b", "weight_precisions": ["fp8"]}
    changes: dict[str, Any] = {}
    if resource == "hbm":  # no pace: HBM alone holds the batch
        workloads = [{k: v for k, v in w.items() if k != "max_tpot_ms"} for w in BASE["workloads"][:1]]
        changes = {"workloads": tuple(workloads), "models": (("llama-70b", tight),)}
    answer = _answer_of(changes)
    which = _limited_by(answer, resource)
    certificate = _corrupted(answer, lambda d: _option(batch_limit=d.option.batch_limit * 1.5)(d), which)
    assert expected in _names(certificate)


def _answer_of(changes: dict[str, Any]) -> Answer:
    merged = BASE | {key: _thawed(value) for key, value in changes.items()}
    merged["workloads"] = list(merged["workloads"])
    return ask(Problem(load_study(merged)))


def test_a_batch_that_only_half_a_sequence_allows_is_caught_at_the_engine_limit() -> None:
    answer = _answer()
    assert answer.allocation is not None
    which = next(i for i, d in enumerate(answer.allocation.deployments) if list(d.tokens_per_s) == ["small"])
    certificate = _corrupted(answer, lambda d: _option(batch_limit=d.option.batch_limit + 0.01)(d), which)
    names = _names(certificate).splitlines()  # the mean batch is still fine; its ceiling is not
    assert (
        len(names) == 1 and names[0].startswith("pace of small") and "at the engine's batch limit" in names[0]
    )


def _units(answer: Answer, change: dict[str, Any]) -> Certificate:
    assert answer.allocation is not None
    return _held(answer, answer.allocation.units | change)


def _held(answer: Answer, units: dict[str, Any]) -> Certificate:
    assert answer.allocation is not None
    return certify(answer.study, replace(answer.allocation, units_by_period={STEADY: units}), answer.options)


def test_units_must_hold_the_instances_and_keep_the_limit() -> None:
    answer = _answer()
    assert answer.allocation is not None
    used = answer.allocation.units["h100-sxm"]
    assert used > 0
    assert "units of h100-sxm hold its instances" in _names(_units(answer, {"h100-sxm": used - 1}))
    assert "limit of h100-sxm" in _names(_units(answer, {"h100-sxm": 17}))
    assert "whole units" in _names(_units(answer, {"h100-sxm": used + 0.5}))
    assert "whole units" in _names(_units(answer, {"tpu": 1}))
    fewer = {name: count for name, count in answer.allocation.units.items() if name != "h100-sxm"}
    assert "whole units" in _names(_held(answer, fewer))


def test_spares_power_budget_and_kinds_are_held() -> None:
    answer = _answer_of({"spares": {"number": 1}, "max_kinds_per_workload": 1})
    assert _certified(answer).passed
    assert "spares of" in _names(_corrupted(answer, lambda d: replace(d, spares=0)))
    assert answer.allocation is not None
    first = answer.allocation.deployments[0]
    config = answer.study.config
    for changed, expected in (
        ({"power_limit_kw": 1.0}, "power"),
        ({"question": config.question.model_copy(update={"budget_usd_per_hour": 1.0})}, "budget"),
    ):
        stricter = replace(answer.study, config=config.model_copy(update=changed))
        assert expected in _names(certify(stricter, answer.allocation, answer.options))
    workload = next(iter(first.tokens_per_s))
    others = [
        option
        for option in answer.options.options
        if workload in option.workloads and option.kind != first.option.kind
    ]
    extra = Deployment(others[0], _supply_of(answer, others[0].accelerator), 1, 1, {workload: 1.0})
    two = replace(answer.allocation, deployments=(*answer.allocation.deployments, extra))
    assert f"kinds of {workload}" in _names(certify(answer.study, two, answer.options))


def _supply_of(answer: Answer, accelerator: str) -> str:
    return next(s.name for s in answer.study.supplies if s.accelerator_name == accelerator)


def test_prompts_come_before_decode() -> None:
    answer = _answer_of({"serving": ["disaggregated"]})
    assert _certified(answer).passed
    assert answer.allocation is not None
    which = next(i for i, d in enumerate(answer.allocation.deployments) if d.option.role == "prefill")
    less = lambda d: replace(d, tokens_per_s={w: 0.9 * t for w, t in d.tokens_per_s.items()})  # noqa: E731
    assert "processed before decode" in _names(_corrupted(answer, less, which))
    fewer = lambda d: replace(d, instances=max(1, d.instances // 2))  # noqa: E731
    busiest = max(
        (i for i, d in enumerate(answer.allocation.deployments) if d.option.role == "prefill"),
        key=lambda i: answer.allocation.deployments[i].instances,  # type: ignore[union-attr]
    )
    assert "busy time of" in _names(_corrupted(answer, fewer, busiest))


def test_a_first_token_that_comes_too_late_is_caught() -> None:
    workloads = [BASE["workloads"][0] | {"max_ttft_ms": 400}]
    answer = _answer_of({"workloads": workloads})
    assert _certified(answer).passed
    assert answer.allocation is not None
    earlier = replace(answer.study.workloads[0], max_ttft_s=0.05)
    stricter = replace(answer.study, workloads=(earlier,))
    assert "TTFT of chat" in _names(certify(stricter, answer.allocation, answer.options))


def test_measured_rates_and_slas_are_held(tmp_path: Path) -> None:
    table = tmp_path / "measured.csv"
    table.write_text(
        "model,accelerator,gpus,workload,requests_per_s,role,tpot_ms\nm,gpu,1,chat,10,aggregated,30\n"
    )
    config = {
        "fleet": {"supply": [{"accelerator": "gpu", "price_usd_per_hour": 1.0}]},
        "workloads": [{"name": "chat", "model": "m", "demand_requests_per_s": 95, "max_tpot_ms": 40}],
        "profiles": [str(table)],
        "physics": False,
    }
    answer = ask(Problem(load_study(config)))
    assert _certified(answer).passed
    assert answer.allocation is not None and answer.allocation.deployments[0].instances == 10
    assert "measured capacity" in _names(_corrupted(answer, lambda d: replace(d, instances=9)))
    faster = replace(answer.study, workloads=(replace(answer.study.workloads[0], pace=50.0),))
    assert "measured TPOT" in _names(certify(faster, answer.allocation, answer.options))


CLAIMS: dict[str, tuple[Callable[[Answer], Answer], str]] = {
    "cheaper than its units": (lambda a: replace(a, objective=_value(a) * 0.99), "cost recomputed"),
    "dearer than its units": (lambda a: replace(a, objective=_value(a) * 1.01), "cost recomputed"),
    "better than its bound": (lambda a: replace(a, bound=_value(a) * 1.01), "objective no better than its bound"),
    "a bound above what anybody can build": (
        lambda a: replace(a, bound=_value(a) * 10), "bound no better than the plan made by hand",
    ),
    "an optimum worse than a plan by hand": (
        lambda a: replace(a, objective=_value(a) * 10, bound=_value(a) * 10), "no worse than the plan made by hand",
    ),
}  # fmt: skip


def _value(answer: Answer) -> float:
    assert answer.objective is not None
    return answer.objective


@pytest.mark.parametrize("name", CLAIMS)
def test_a_false_claim_is_caught(name: str) -> None:
    change, expected = CLAIMS[name]
    answer = replace(_answer(), before_simplifying=None)
    assert expected in [check.name for check in failures(claim(change(answer)))]


@pytest.mark.parametrize("question", ["gpus", "power"])
def test_other_objectives_are_counted_again(question: str) -> None:
    answer = _answer_of({"question": {"minimise": question}})
    assert not failures(claim(answer))
    wrong = replace(answer, objective=_value(answer) * 0.9, bound=_value(answer) * 0.9)
    name = {"gpus": "accelerators recomputed", "power": "power recomputed"}[question]
    assert name in [check.name for check in failures(claim(wrong))]


def test_a_number_that_is_none_passes_no_check() -> None:
    assert not at_most("a", math.nan, 1.0).passed
    assert not at_least("a", math.nan, 1.0).passed
    assert not equal("a", math.nan, 1.0).passed
    assert at_most("a", 1.0 + 1e-8, 1.0).passed and not at_most("a", 1.001, 1.0).passed


def test_mixed_pools_below_twenty_sequences_are_remarked() -> None:
    assert np.isfinite(_certified(_answer()).linearisation_error)
    small = _answer_of({})
    remarks = _certified(small).remarks
    mixed = [
        d
        for d in (small.allocation.deployments if small.allocation else ())
        if len(d.tokens_per_s) > 1 and d.option.batch_limit.min() < 20
    ]
    assert len(remarks) == len(mixed)


def test_parts_of_the_cost_that_do_not_add_up_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    from planner.certificate import certificate
    from planner.operation.costs import WorkloadCost

    def dearer(*args: Any) -> dict[str, WorkloadCost]:
        return {name: WorkloadCost(cost.total * 1.01, 0.0) for name, cost in workload_costs(*args).items()}

    workload_costs = certificate.workload_costs
    monkeypatch.setattr(certificate, "workload_costs", dearer)
    assert _names(_certified(_answer())) == "cost of workloads sums to the total"


def test_a_pace_that_the_plan_was_not_asked_for_is_caught() -> None:
    answer = _answer_of({"question": {"maximise": "pace", "workload": "small", "budget_usd_per_hour": 300}})
    assert not failures(claim(answer))
    assert answer.bound is not None
    for factor in (0.9, 1.1):
        wrong = replace(answer, objective=_value(answer) * factor, bound=answer.bound * 2)
        assert [check.name for check in failures(claim(wrong))] == ["pace of small asked of the plan"]
