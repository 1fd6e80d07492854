"""Levels: a first token's limit against every whole batch, and every mix, tried one after the other in exact physics."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from formulations.options import Option
from formulations.physics.queueing import mean_wait, mixed_service
from planner import solve
from planner.config.load import load_study
from planner.operation.exact_step import exact_step
from planner.options.levels import Estimate
from planner.options.performance import Performance
from planner.problem.problem import Problem

TOUCH = 1e-6
"""Relative; levels lie 1e-10 above the step of their batch."""


def study(
    workloads: list[dict[str, Any]], architecture: str = "llama-3.1-8b", **changes: Any
) -> dict[str, Any]:
    return {
        "fleet": {"supply": [{"accelerator": "h100-sxm", "price_usd_per_hour": 1.78}]},
        "models": {"m": {"architecture": architecture, "weight_precisions": ["fp8"]}},
        "workloads": workloads,
        "layouts": {"instance_gpus": [1, 4]},
        "detail": "quick",
        **changes,
    }


def workload(
    name: str, prompt: float, output: float, ttft_ms: float | None, pace: float | None = None
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": name, "input_tokens": prompt, "output_tokens": output, "demand_tokens_per_s": 1000.0,
    }  # fmt: skip
    if ttft_ms is not None:
        found["max_ttft_ms"] = ttft_ms
    if pace is not None:
        found["min_pace_tokens_per_s"] = pace
    return found


def options_of(problem: Problem, kind: str, estimate: Estimate, refinement: int) -> list[Option]:
    return [o for o in problem.options(estimate, refinement).options if o.kind == kind]


def most_sequences(performance: Performance, row: int, column: int) -> int:
    """Largest batch of a workload alone that HBM holds and the engine is set to run."""
    held = performance.capacity[row, column] * (1 + 1e-12)
    return int(held if performance.sequences is None else min(held, performance.sequences[column]))


def whole_limits(performance: Performance, row: int, longest_s: float) -> np.ndarray[Any, Any]:
    """Largest whole batch of each workload alone within HBM and a step of `longest_s`, counted up one by one."""
    found = []
    for column, each in enumerate(performance.workloads):
        low, high = 0, most_sequences(performance, row, column)
        while low < high:  # the step grows with the batch
            middle = (low + high + 1) // 2
            if exact_step(performance, row, {each.name: middle}).total <= longest_s * (1 + 1e-9):
                low = middle
            else:
                high = middle - 1
        found.append(low)
    return np.array(found, dtype=float)


def served_in_time(
    performance: Performance, row: int, limits: np.ndarray[Any, Any], mix: np.ndarray[Any, Any]
) -> float:
    """Most tokens per second, in multiples of `mix` (tokens/s by workload), that an instance serves in exact physics.

    It runs the mix at the largest batch within `limits` (whole batches of each workload alone); the queue is found by
    bisection over the load.
    """
    if (limits[mix > 0] < 1).any():
        return 0.0
    sequences = mix / performance.tokens_per_step[row]
    steps = float((sequences / np.maximum(limits, 1.0)).sum())
    names = [w.name for w in performance.workloads]
    step = exact_step(performance, row, dict(zip(names, sequences / steps, strict=True))).total
    for each in performance.workloads:
        pace = float(performance.tokens_per_step[row, 0]) / step
        if mix[names.index(each.name)] > 0 and pace < each.pace * (1 - 1e-9):
            return 0.0
    busiest = performance.utilisation / (steps * step)
    outputs = np.array([w.output_tokens for w in performance.workloads])
    fixed = performance.engine.requests.request_ms * 1e-3 + performance.engine.first_token_steps * step

    def in_time(load: float) -> bool:
        service, rates = performance.prompt_s[row], load * mix / outputs
        mean, spread = mixed_service(service, rates)
        wait = float(mean_wait(mean, float(service @ rates), spread))
        return all(
            fixed + performance.prompt_latency_s[row, column] + wait <= each.max_ttft_s * (1 + 1e-12)
            for column, each in enumerate(performance.workloads)
            if each.max_ttft_s is not None and mix[column] > 0
        )

    low, high = 0.0, busiest
    if in_time(high):
        return high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if in_time(middle) else (low, middle)
    return low


def kinds(problem: Problem) -> list[tuple[Performance, int]]:
    return [
        (performance, row)
        for group in problem.source.tables.values()
        for performance in group
        for row in range(len(performance.table))
    ]


ALL = list(
    product(
        (120.0, 400.0, 1500.0),
        ((2000.0, 200.0), (300.0, 50.0), (0.0, 100.0)),
        (None, 30.0),
        ("llama-3.1-8b", "qwen3-30b-a3b"),
    )
)
ALONE = [pytest.param(*case, marks=pytest.mark.long if i % 5 else ()) for i, case in enumerate(ALL)]


@pytest.mark.parametrize(("ttft", "lengths", "pace", "architecture"), ALONE)
def test_a_workload_alone_is_served_best_at_one_whole_batch(
    ttft: float, lengths: tuple[float, float], pace: float | None, architecture: str
) -> None:
    """Every whole batch that an instance could run, against what the options of its kind promise: equal."""
    problem = Problem(
        load_study(study([workload("chat", *lengths, ttft, pace)], architecture, utilisation=0.9)),
        screening=False,
    )
    one = np.array([1.0])
    for performance, row in kinds(problem):
        best = 0.0
        batch = 1
        most = most_sequences(performance, row, 0)
        while batch <= min(most, 6000):
            best = max(best, served_in_time(performance, row, np.array([float(batch)]), one))
            batch += 1 if batch < 500 else max(1, most // 400)
        name = performance.table.name(row)
        promised = [
            max((0.9 * float(o.tokens_per_s_alone[0]) for o in options_of(problem, name, e, 0)), default=0.0)
            for e in ("over", "under")
        ]
        assert promised[0] == pytest.approx(promised[1], rel=1e-9), name  # no gap between plan and bound
        assert promised[0] >= best * (1 - TOUCH), name
        if most < 500:
            assert promised[0] == pytest.approx(best, rel=TOUCH), name


MIXES = [
    [workload("chat", 2000, 200, 800), workload("code", 300, 400, 300, 20)],
    [workload("chat", 2000, 200, 800, 15), workload("agent", 4000, 20, 2500), workload("free", 500, 300, None)],
    [workload("short", 50, 20, 100, 40), workload("long", 4000, 20, 1000)],
]  # fmt: skip


@pytest.mark.parametrize("architecture", ["llama-3.1-8b", "qwen3-30b-a3b"])
@pytest.mark.parametrize("mixed", range(len(MIXES)))
@pytest.mark.parametrize("refinement", [0, pytest.param(2, marks=pytest.mark.long)])
def test_every_mix_that_exact_physics_serves_is_inside_the_bound_and_no_option_promises_more(
    mixed: int, refinement: int, architecture: str
) -> None:
    """Random mixes at 60 longest steps each: under-estimates cover them all, over-estimates exceed none of the best."""
    problem = Problem(load_study(study(MIXES[mixed], architecture)), screening=False)
    random = np.random.default_rng(mixed)
    for performance, row in kinds(problem):
        name, names = performance.table.name(row), [w.name for w in performance.workloads]
        over, under = (options_of(problem, name, e, refinement) for e in ("over", "under"))
        slowest = exact_step(performance, row, {names[0]: float(performance.capacity[row, 0])}).total
        grid = [whole_limits(performance, row, step) for step in np.geomspace(4e-3, slowest, 60)]
        for _ in range(8):
            mix = random.dirichlet(np.full(len(names), 0.7)) * random.integers(0, 2, len(names))
            if not mix.any():
                continue
            allowed = [np.minimum(limits, _paced(performance, row, mix)) for limits in grid]
            best = max(served_in_time(performance, row, limits, mix) for limits in allowed)
            promised = [
                max((_multiple(option, names, mix) for option in options), default=0.0)
                for options in (over, under)
            ]
            assert promised[1] >= best * (1 - TOUCH), (name, mix)
            assert promised[0] <= promised[1] * (1 + TOUCH), (name, mix)


def _paced(performance: Performance, row: int, mix: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Whole batches of each workload alone within the strictest pace of a mix: what a mixed pool is made of."""
    pace = max(w.pace for w, asked in zip(performance.workloads, mix, strict=True) if asked > 0)
    if pace == 0:
        return np.full(len(mix), np.inf)
    return whole_limits(performance, row, float(performance.tokens_per_step[row, 0]) / pace)


def _multiple(option: Option, names: list[str], mix: np.ndarray[Any, Any]) -> float:
    """How often one instance of an option serves a mix (tokens/s by workload)."""
    if any(mix[names.index(n)] > 0 and n not in option.workloads for n in names):
        return 0.0
    asked = np.array([mix[names.index(n)] for n in option.workloads])
    return float(1.0 / (option.instance_s_per_token @ asked).max())


def test_a_first_token_without_a_pace_is_no_dearer_than_with_one() -> None:
    """The case that was answered `proven: no fleet can serve`: a TTFT limit alone chooses its batch."""
    chat = {"input_tokens": 1000, "output_tokens": 200, "demand_tokens_per_s": 20_000, "max_ttft_ms": 400}
    alone = solve(study([{"name": "chat", **chat}]), compare=False)
    paced = solve(study([{"name": "chat", **chat, "min_pace_tokens_per_s": 30}]), compare=False)
    assert alone.found and paced.found and alone.objective.bound is not None
    assert alone.objective.value <= paced.objective.value * (1 + 1e-9)


def test_a_milder_pace_is_never_dearer_behind_prefill_instances() -> None:
    """No decode step stands before a first token on prefill instances; the longest that a pace allows once did."""
    costs = [
        solve(study([workload("chat", 4000, 300, 600, pace)], serving=["disaggregated"]), compare=False)
        for pace in (40.0, 10.0, None)
    ]
    values = [plan.objective.value for plan in costs if plan.found]
    assert len(values) == 3 and values == sorted(values, reverse=True)
