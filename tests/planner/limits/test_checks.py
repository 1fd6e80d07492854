"""The checks of limits: a plan that breaks one limit, and nothing else, fails that limit's check and no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fleets.schema.fleets import Site
from planner.allocation import STEADY, Allocation, Deployment, steady
from planner.certificate.certificate import Certificate, certify
from planner.config.load import load_study
from planner.config.resolved import ResolvedStudy
from planner.config.variants import with_config, with_supplies, with_supply, with_workload
from planner.problem.answer import Answer
from planner.problem.problem import Problem
from planner.questions.ask import ask
from tests.planner.certificate.test_memory import config as one_gpu

STUDY: dict[str, Any] = {
    "fleet": {
        "supply": [
            {"accelerator": "h100-sxm", "price_usd_per_hour": 2.0, "limit": 200, "unit": 4},
            {"accelerator": "a100-80gb-sxm", "price_usd_per_hour": 1.9, "limit": 3},
        ],
        "sites": {},
    },
    "models": {"m": {"architecture": "llama-3.1-70b", "weight_precisions": ["fp8"]}},
    "workloads": [
        {"name": "chat", "input_tokens": 800, "output_tokens": 300, "demand_tokens_per_s": 20000, "max_tpot_ms": 40,
         "max_ttft_ms": 700},
        {"name": "bulk", "input_tokens": 800, "output_tokens": 300, "demand_tokens_per_s": 8000},
    ],
    "layouts": {"instance_gpus": [2, 4]},
    "assumptions": "erdil-2025",
    "solver": {"gap": 1e-4},
}  # fmt: skip


@cache
def answered(serving: str = "aggregated", spares: int = 0) -> Answer:
    changes = {"serving": [serving], "spares": {"number": spares}}
    return ask(Problem(load_study(STUDY | changes)))


def failures(study: ResolvedStudy, allocation: Allocation | None, answer: Answer) -> list[str]:
    assert allocation is not None
    return [check.name for check in certify(study, allocation, answer.options).failures]


def only(names: list[str], start: str | tuple[str, ...]) -> bool:
    """Whether there are failures, all of them of one kind."""
    return bool(names) and all(name.startswith(start) for name in names)


def test_the_plan_passes() -> None:
    for answer in (answered(), answered("disaggregated"), answered(spares=1)):
        assert failures(answer.study, answer.allocation, answer) == []


STRICTER: dict[str, tuple[Callable[[ResolvedStudy, Answer], ResolvedStudy], str | tuple[str, ...]]] = {
    "demand": (lambda s, a: with_workload(s, "bulk", demand=9000.0), "demand of bulk served"),
    "pace": (lambda s, a: with_workload(s, "chat", pace=90.0), "pace of chat"),
    "first token": (lambda s, a: with_workload(s, "chat", max_ttft_s=0.03), "mean TTFT of chat"),
    "supply": (lambda s, a: with_supply(s, "h100-sxm", limit=3), "limit of h100-sxm"),
    "power": (lambda s, a: with_config(s, power_limit_kw=1.0), "power"),
    "budget": (
        lambda s, a: with_config(s, question=s.config.question.model_copy(update={"budget_usd_per_hour": 1.0})),
        "budget",
    ),
    "carbon": (
        lambda s, a: with_config(
            with_supplies(s, lambda supply: replace(supply, carbon_kg_per_kwh=0.4)), carbon_limit_kg_per_hour=0.5
        ),
        "carbon",
    ),
    "site power": (
        lambda s, a: replace(
            with_supplies(s, lambda supply: replace(supply, site="east")),
            sites={"east": Site(power_limit_kw=1.0)},
        ),
        "site power of east",
    ),
    "utilisation": (lambda s, a: with_config(s, utilisation=0.2), "busy time of"),
    "availability": (  # prompts come in the time for which instances are there, so the queue gets longer too
        lambda s, a: with_supply(s, "h100-sxm", availability=0.2), ("busy time of", "mean TTFT of chat"),
    ),
    "spares": (
        lambda s, a: with_config(s, spares=s.config.spares.model_copy(update={"number": 1})), "spares of",
    ),
    "a share of spares": (
        lambda s, a: with_config(s, spares=s.config.spares.model_copy(update={"share": 0.2})), "spares of",
    ),
}  # fmt: skip
"""The study made stricter in one limit, and the check that the plan then fails."""


@pytest.mark.parametrize("what", STRICTER)
def test_a_stricter_limit_is_failed_by_its_own_check(what: str) -> None:
    change, expected = STRICTER[what]
    answer = answered()
    assert only(failures(change(answer.study, answer), answer.allocation, answer), expected)


def test_a_pace_that_only_the_mean_batch_keeps_is_caught_at_whole_sequences() -> None:
    answer = answered()
    assert answer.allocation is not None
    paces = []
    for deployment in answer.allocation.deployments:
        if list(deployment.tokens_per_s) == ["chat"]:
            paces.append(_checked(answer, f"pace of chat on {deployment.option.id}"))
    mean, whole = max(paces)
    assert mean >= whole
    between = with_workload(answer.study, "chat", pace=(mean + whole) / 2 if mean > whole else whole * 1.01)
    names = failures(between, answer.allocation, answer)
    assert any("at the engine's batch limit" in name for name in names)


def _checked(answer: Answer, start: str) -> tuple[float, float]:
    """The pace of a deployment at its mean batch, and at whole sequences."""
    assert answer.allocation is not None
    found = [
        c for c in certify(answer.study, answer.allocation, answer.options).checks if c.name.startswith(start)
    ]
    return found[0].value, found[1].value


def test_prompts_behind_decode_are_counted() -> None:
    answer = answered("disaggregated")
    assert answer.allocation is not None

    def fewer(deployment: Deployment) -> Deployment:
        rates = {name: 0.9 * rate for name, rate in deployment.tokens_per_s.items()}
        return replace(deployment, tokens_per_s=rates) if deployment.option.role == "prefill" else deployment

    allocation = replace(answer.allocation, deployments=tuple(map(fewer, answer.allocation.deployments)))
    assert only(failures(answer.study, allocation, answer), "prompts of")


@pytest.mark.parametrize(
    ("serving", "role", "start"),
    [
        ("aggregated", "aggregated", "kinds of bulk"),
        ("disaggregated", "decode", "kinds of bulk"),
        ("disaggregated", "prefill", "prefill kinds of bulk"),
    ],
)
def test_kinds_that_decode_and_kinds_that_prompt_are_counted_apart(
    serving: str, role: str, start: str
) -> None:
    answer = ask(Problem(load_study(STUDY | {"serving": [serving]}), screening=False))
    assert answer.allocation is not None
    kinds = {d.option.kind for d in answer.allocation.deployments}
    other = next(
        o for o in answer.options.options if o.role == role and "bulk" in o.workloads and o.kind not in kinds
    )
    tiny = Deployment(other, other.accelerator, 1, 0, {"bulk": 1.0})
    deployments = (*answer.allocation.deployments, tiny)
    units = {name: count + 8 for name, count in answer.allocation.units.items()}
    counted = {d.option.kind for d in deployments if d.option.role == role and "bulk" in d.tokens_per_s}
    roomy = with_supplies(answer.study, lambda s: replace(s, limit=None))
    for most, broken in ((len(counted) - 1, True), (len(counted), False)):
        study = with_workload(roomy, "bulk", max_kinds=most)
        names = failures(study, steady(deployments, units), answer)
        assert (start in names) == broken, (names, most)


def test_units_hold_every_instance_and_spare() -> None:
    answer = answered(spares=1)
    assert answer.allocation is not None
    units = answer.allocation.units
    for name in units:
        if units[name]:
            fewer = replace(answer.allocation, units_by_period={STEADY: units | {name: units[name] - 1}})
            assert only(failures(answer.study, fewer, answer), f"units of {name}")


def test_spares_are_counted_for_every_kind_at_every_site() -> None:
    answer = answered(spares=1)
    assert answer.allocation is not None
    for which in range(len(answer.allocation.deployments)):
        deployments = list(answer.allocation.deployments)
        if not deployments[which].spares:
            continue
        deployments[which] = replace(deployments[which], spares=0)
        allocation = replace(answer.allocation, deployments=tuple(deployments))
        assert only(failures(answer.study, allocation, answer), "spares of")


def measured(folder: Path) -> Answer:
    table = folder / "measured.csv"
    table.write_text(
        "model,accelerator,gpus,workload,requests_per_s,role,tpot_ms,ttft_ms\n"
        "m,gpu,1,chat,10,prefill,,300\nm,gpu,1,chat,5,decode,30,\n"
    )
    config = {
        "fleet": {"supply": [{"accelerator": "gpu", "price_usd_per_hour": 1.0}]},
        "workloads": [
            {"name": "chat", "model": "m", "demand_requests_per_s": 95, "max_tpot_ms": 40, "max_ttft_ms": 400}
        ],
        "profiles": [str(table)],
        "physics": False,
    }
    return ask(Problem(load_study(config)))


def test_measured_rates_tpot_and_ttft_are_held(tmp_path: Path) -> None:
    answer = measured(tmp_path)
    assert failures(answer.study, answer.allocation, answer) == []
    assert answer.allocation is not None
    faster = with_workload(answer.study, "chat", pace=50.0)
    assert only(failures(faster, answer.allocation, answer), "measured TPOT of chat")
    sooner = with_workload(answer.study, "chat", max_ttft_s=0.2)
    assert only(failures(sooner, answer.allocation, answer), "measured TTFT of chat")
    fewer = tuple(replace(d, instances=d.instances - 1) for d in answer.allocation.deployments)
    allocation = replace(answer.allocation, deployments=fewer)
    names = failures(answer.study, allocation, answer)
    assert {name.split(" of ")[0] for name in names} == {"busy time", "measured capacity"}


def test_every_period_is_checked() -> None:
    """The index of periods is there: what breaks a limit in one period fails, whatever the other does."""
    answer = answered()
    assert answer.allocation is not None
    night = tuple(replace(d, period="night") for d in answer.allocation.deployments)
    units = answer.allocation.units
    both = Allocation((*answer.allocation.deployments, *night), {STEADY: units, "night": units}, 1.0)
    certificate: Certificate = certify(answer.study, both, answer.options)
    assert not certificate.failures
    assert len(certificate.checks) == 2 * len(certify(answer.study, answer.allocation, answer.options).checks)
    dark = {name: max(0, count - 1) for name, count in units.items()}
    short = replace(both, units_by_period={STEADY: units, "night": dark})
    assert only(failures(answer.study, short, answer), "units of")
    idle = replace(both, deployments=answer.allocation.deployments)
    assert only(failures(answer.study, idle, answer), "demand of")
    with pytest.raises(ValueError, match="2 periods"):
        _ = both.units


def test_a_mix_slower_than_each_of_its_workloads_alone_is_caught_at_the_mean_batch() -> None:
    workloads = [
        {"name": name, "input_tokens": prompt, "output_tokens": 300, "demand_tokens_per_s": demand,
         "min_pace_tokens_per_s": 20}
        for name, prompt, demand in (("chat", 500, 3000), ("long", 9000, 900))
    ]  # fmt: skip
    answer = ask(Problem(load_study(one_gpu(workloads=workloads, question={"minimise": "gpus"}))))
    assert answer.allocation is not None
    mixed = next(d for d in answer.allocation.deployments if len(d.tokens_per_s) == 2)
    mean, alone = _checked(answer, f"pace of long on {mixed.option.id}")
    assert mean < alone
    between = with_workload(answer.study, "long", pace=(mean + alone) / 2)
    names = failures(between, answer.allocation, answer)
    assert f"pace of long on {mixed.option.id} in {mixed.supply}" in names
    assert not any("at its batch limit alone" in name and mixed.option.id in name for name in names)
