"""Plans against brute force: real architectures on real accelerators, one workload per model, exact physics."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from planner.config.load import load_study
from planner.operation.exact_step import exact_step, memory_share
from planner.problem.answer import Answer
from planner.problem.problem import Problem
from planner.problem.solve import solve
from planner.questions.minimise import CHEAPEST
from tests.planner.questions.brute_force import (
    LARGEST_BATCH,
    Draft,
    Place,
    Rates,
    Service,
    best_rates,
    cheapest,
)

DENSE = (
    "llama-3.1-8b",
    "llama-3.1-70b",
    "qwen3-32b",
    "gemma-2-27b",
    "phi-4",
    "mistral-7b-v0.3",
    "falcon-180b",
    "qwen3.5-9b",
    "gemma-4-31b-it-nvfp4",
)
MIXTURES = (
    "mixtral-8x7b",
    "mixtral-8x22b",
    "qwen3-30b-a3b",
    "gpt-oss-120b",
    "deepseek-v3",
    "qwen3-235b-a22b",
    "nemotron-3-nano-30b-a3b-bf16",
    "kimi-linear-48b-a3b-instruct",
    "deepseek-v4-flash",
)
ACCELERATORS = (
    "h100-sxm",
    "h200-sxm",
    "a100-80gb-sxm",
    "l40s",
    "b200-sxm",
    "mi300x",
    "gb200-nvl72",
    "l4",
    "h100-pcie",
)
WEIGHTS = (("bf16",), ("fp8",), ("bf16", "fp8"), ("bf16", "fp8", "int4"))
DRAFTS = {"llama-3.1-70b": "llama-3.1-8b", "mixtral-8x22b": "llama-3.1-8b", "qwen3-32b": "qwen3-8b"}

seen: Counter[str] = Counter()
"""What the drawn cases covered; each test looks at it in the end."""


def study_of(service: Service, places: list[Place], **changes: Any) -> dict[str, Any]:
    """The config of one service."""
    supply = [
        {
            "accelerator": place.accelerator,
            "name": f"s{number}",
            "price_usd_per_hour": place.price,
            "limit": place.limit,
            "unit": place.unit,
            "availability": place.availability,
        }
        for number, place in enumerate(places)
    ]
    speculation = [
        {"draft": draft.architecture, "acceptance": draft.acceptance, "draft_tokens": list(draft.drafted)}
        for draft in service.drafts
    ]
    return {
        "fleet": {"supply": supply},
        "models": {
            "m": {
                "architecture": service.architecture,
                "weight_precisions": list(service.weights),
                "kv_precisions": list(service.caches),
                "speculation": speculation,
            }
        },
        "workloads": [
            {
                "name": "w",
                "model": "m",
                "input_tokens": service.input_tokens,
                "output_tokens": service.output_tokens,
                "context_tokens": service.context,
                "demand_tokens_per_s": service.demand,
                **({"min_pace_tokens_per_s": service.pace} if service.pace else {}),
            }
        ],
        "assumptions": service.assumptions,
        "prefill": service.prefill,
        "layouts": {
            "instance_gpus": list(service.sizes),
            "pipeline": list(service.pipeline),
            "attention_groups": [1],
        },
        "solver": {"gap": 0.0, "time_limit_s": 20, "threads": 1},
        **changes,
    }


def answer_of(config: dict[str, Any], *, screening: bool = True) -> Answer:
    """The cheapest plan of a config."""
    return solve(Problem(load_study(config), screening=screening), CHEAPEST)


@st.composite
def services(draw: st.DrawFn, names: tuple[str, ...], speculate: bool) -> Service:
    """A workload of a published architecture; context, pace and lengths over their useful ranges."""
    name = draw(st.sampled_from(names))
    drafts: tuple[Draft, ...] = ()
    if speculate and name in DRAFTED:
        drafted = draw(st.sampled_from(((1,), (2, 4), (1, 3, 5))))
        drafts = (Draft(DRAFTED[name], draw(st.sampled_from((0.6, 0.8, 0.9))), drafted),)
    prefill = draw(st.booleans())
    context = draw(st.sampled_from((300, 1000, 4000, 20000, 100_000)))
    return Service(
        architecture=name,
        assumptions=draw(st.sampled_from(("erdil-2025", "default"))),
        context=float(context),
        demand=float(draw(st.sampled_from((1, 40, 700, 3000, 20000, 90000)))) * draw(st.floats(1.0, 1.37)),
        pace=float(draw(st.sampled_from((0, 5, 20, 50, 100)))),
        input_tokens=float(draw(st.sampled_from((100, 1024, 8000)))) if prefill else 0.0,
        output_tokens=float(draw(st.sampled_from((50, 300, 1000)))),
        prefill=prefill,
        weights=draw(st.sampled_from(WEIGHTS)),
        caches=draw(st.sampled_from((("bf16",), ("bf16", "fp8")))),
        sizes=draw(st.sampled_from(((1, 2, 4, 8), (1, 4, 16), (2, 8, 16), (8,)))),
        pipeline=draw(st.sampled_from(((1,), (1, 2)))),
        drafts=drafts,
    )


DRAFTED = DRAFTS


def compared(service: Service, places: list[Place]) -> None:
    """One study solved, brute-forced, and its plan looked at in exact physics."""
    rates = {place.accelerator: best_rates(service, place.accelerator) for place in places}
    assume(all(found.largest_batch < LARGEST_BATCH for found in rates.values()))
    least = cheapest([(rates[place.accelerator].by_size, place) for place in places], service.demand)
    assume(least < 4000 or least == float("inf"))
    _count(service, rates, least)
    answer = answer_of(study_of(service, places))
    if least == float("inf"):
        assert answer.objective is None and answer.termination == "infeasible"
        return
    assert answer.objective == pytest.approx(least, rel=1e-6), (service, places)
    assert answer.bound == pytest.approx(least, rel=1e-6)
    holds_in_exact_physics(answer)


def holds_in_exact_physics(answer: Answer) -> None:
    """No deployment is faster, larger or more patient than the physics of its mean batch allows."""
    assert answer.allocation is not None
    served: Counter[str] = Counter()
    shares = {supply.name: supply.availability for supply in answer.study.supplies}
    for deployment in answer.allocation.deployments:
        performance, row = answer.options.performances[deployment.option.kind]
        yields = float(performance.tokens_per_step[row, 0])
        rates = {name: tokens / yields for name, tokens in deployment.tokens_per_s.items()}
        option = deployment.option
        position = [option.workloads.index(name) for name in rates]
        limits = option.batch_limit[:, position]
        steps = max(
            (sum(r / c for r, c in zip(rates.values(), row_, strict=True)) for row_ in limits), default=0.0
        )
        batch = {name: rate / steps for name, rate in rates.items()}
        step = exact_step(performance, row, batch).total
        assert steps * step <= deployment.instances * shares[deployment.supply] * (1 + 1e-7), option.id
        assert yields / step >= option.pace * (1 - 1e-7), option.id
        assert memory_share(performance, row, batch) <= 1 + 1e-9, option.id
        served.update(deployment.tokens_per_s)
    for workload in answer.study.workloads:
        assert served[workload.name] >= workload.demand * (1 - 1e-7)


def _count(service: Service, rates: dict[str, Rates], least: float) -> None:
    batches = [batch for found in rates.values() for batch in found.batches]
    seen["cases"] += 1
    seen["infeasible"] += least == float("inf")
    seen["small batches"] += bool(batches) and min(batches) <= 8
    seen["large batches"] += bool(batches) and max(batches) >= 100
    seen[service.assumptions] += 1
    seen["prefill" if service.prefill else "no prefill"] += 1
    seen["mixture"] += service.architecture in MIXTURES
    seen["speculation"] += bool(service.drafts)


PLAIN = st.builds(
    Place, st.sampled_from(ACCELERATORS), st.floats(0.5, 5.0).map(lambda price: round(price, 2))
)
LIMITED = st.builds(
    Place,
    st.sampled_from(ACCELERATORS),
    st.floats(0.5, 5.0).map(lambda price: round(price, 2)),
    st.sampled_from((None, 4, 16, 72, 144)),
    st.sampled_from((1, 2, 4, 8, 16, 72)),
    st.sampled_from((1.0, 1.0, 0.8)),
)


def test_one_dense_workload_on_one_accelerator() -> None:
    @settings(max_examples=90, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(service=services(DENSE, speculate=False), place=PLAIN)
    def check(service: Service, place: Place) -> None:
        compared(service, [place])

    seen.clear()
    check()
    assert seen["cases"] >= 50
    for what in ("small batches", "large batches", "prefill", "no prefill", "erdil-2025", "default"):
        assert seen[what] >= 10, seen


def test_any_workload_with_units_racks_and_limits() -> None:
    places = st.lists(LIMITED, min_size=1, max_size=2, unique_by=lambda place: place.accelerator)

    @settings(max_examples=320, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(service=services((*DENSE, *MIXTURES, *DRAFTS), speculate=True), places=places)
    def check(service: Service, places: list[Place]) -> None:
        compared(service, places)

    seen.clear()
    check()
    assert seen["cases"] >= 200
    assert seen["cases"] - seen["infeasible"] >= 200
    for what in ("mixture", "speculation", "small batches", "large batches", "prefill", "no prefill"):
        assert seen[what] >= 30, seen
