"""Instances shared by two workloads: the program's mean batches against time-sharing of whole-batch vectors.

The truth of a pool: in every step an instance runs a vector of whole batches (b₁, b₂) that fits and keeps the pace; over
time it may change between vectors. The least instance time for a demand is a linear program over all vectors, each with
its exact step time. The program plans mean batches with limits rounded down by resource (docs/program.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linprog

from formulations.options import Option
from planner.config.load import load_study
from planner.operation.exact_step import exact_step, memory_share
from planner.options.performance import Performance
from planner.problem.problem import Problem

FloatArray = NDArray[np.float64]

ARCHITECTURES = (
    "llama-3.1-8b",
    "llama-3.1-70b",
    "qwen3-32b",
    "mixtral-8x22b",
    "gpt-oss-120b",
    "deepseek-v3",
    "phi-4",
    "qwen3.5-9b",
    "nemotron-3-nano-30b-a3b-bf16",
    "deepseek-v4-flash",
)
ACCELERATORS = ("h100-sxm", "h200-sxm", "a100-80gb-sxm", "l40s", "b200-sxm", "mi300x")
CONTEXTS = (500, 1500, 4000, 12000, 30000, 90000)
LARGEST = 100
"""Pools with more sequences than this are left out; their vectors are too many, and rounding is nothing there."""


@dataclass(frozen=True)
class Pool:
    """One kind that serves two workloads."""

    over: tuple[Option, ...]
    under: tuple[Option, ...]
    performance: Performance
    row: int
    pace: float

    @property
    def limits(self) -> FloatArray:
        """Largest whole batch of each workload alone."""
        found = np.zeros(2)
        for option in self.over:
            at = ["xy".index(name) for name in option.workloads]
            found[at] = np.maximum(found[at], option.batch_limit.min(axis=0))
        return found


def pools(seed: int, count: int) -> list[Pool]:
    """Random kinds of published architectures with two workloads of different context, prompts and pace."""
    random = np.random.default_rng(seed)
    found: list[Pool] = []
    while len(found) < count:
        contexts = random.choice(CONTEXTS, 2, replace=False)
        work = [
            {
                "name": name,
                "model": "m",
                "context_tokens": int(context),
                "input_tokens": int(random.choice([0, 200, 2000])),
                "output_tokens": int(random.choice([100, 500])),
                "demand_tokens_per_s": 100.0,
                "min_pace_tokens_per_s": float(random.choice([2, 10, 30, 60])),
            }
            for name, context in zip("xy", contexts, strict=True)
        ]
        study = {
            "fleet": {
                "supply": [{"accelerator": str(random.choice(ACCELERATORS)), "price_usd_per_hour": 1.0}]
            },
            "models": {
                "m": {
                    "architecture": str(random.choice(ARCHITECTURES)),
                    "weight_precisions": ["bf16", "fp8"],
                    "speculation": [{"draft": "llama-3.1-8b", "acceptance": 0.8, "draft_tokens": [3]}],
                }
            },
            "workloads": work,
            "layouts": {"instance_gpus": [1, 2, 4, 8, 16], "attention_groups": [1]},
            "assumptions": str(random.choice(["erdil-2025", "default"])),
            "prefill": bool(random.random() < 0.5),
        }
        source = Problem(load_study(study), screening=False)
        over, under = source.options("over"), source.options("under")
        kinds = sorted({(o.kind, o.pace) for o in over.options if len(o.workloads) == 2})
        random.shuffle(kinds)
        for kind, pace in kinds[:3]:
            mine = [
                tuple(o for o in side.options if (o.kind, o.pace) == (kind, pace)) for side in (over, under)
            ]
            pool = Pool(mine[0], mine[1], *over.performances[kind], pace)
            if pool.limits.max() <= LARGEST:
                found.append(pool)
    return found


def planned_time(options: tuple[Option, ...], tokens: FloatArray) -> float:
    """Instance seconds per second that the program needs for a demand, without whole instances."""
    size = 4 * len(options)  # time, steps and two flows of each option
    rows: list[FloatArray] = []
    for number, option in enumerate(options):
        at = 4 * number
        position = [option.workloads.index(name) if name in option.workloads else None for name in "xy"]
        for step, sequence in zip(option.step_s, option.sequence_s, strict=True):
            rows.append(_row(size, at, -1.0, step, [_at(sequence, p) for p in position]))
        for limit in option.batch_limit:
            rows.append(_row(size, at, 0.0, -1.0, [1.0 / _at(limit, p, np.nan) for p in position]))
    flows = np.zeros((2, size))
    for number, option in enumerate(options):
        for workload, name in enumerate("xy"):
            served = name in option.workloads
            flows[workload, 4 * number + 2 + workload] = option.tokens_per_step[0] if served else 0.0
    found = linprog(
        np.tile([1.0, 0, 0, 0], len(options)),
        np.nan_to_num(np.array(rows)),
        np.zeros(len(rows)),
        flows,
        tokens,
    )
    assert found.status == 0
    return float(found.fun)


def _at(values: FloatArray, position: int | None, missing: float = 0.0) -> float:
    return missing if position is None else float(values[position])


def _row(size: int, at: int, time: float, steps: float, flows: list[float]) -> FloatArray:
    row = np.zeros(size)
    row[at : at + 4] = time, steps, *flows
    return row


def true_time(pool: Pool, tokens: FloatArray) -> float:
    """The same by time-sharing of whole-batch vectors in exact physics."""
    batch, seconds = vectors(pool)
    yields = float(pool.performance.tokens_per_step[pool.row, 0])
    found = linprog(seconds, A_eq=yields * batch.T, b_eq=tokens)
    assert found.status == 0
    return float(found.fun)


def vectors(pool: Pool) -> tuple[FloatArray, FloatArray]:
    """Every pair of whole batches that fits and keeps the pace, shape (n, 2), and the seconds of its step."""
    performance, row = pool.performance, pool.row
    capacity = performance.capacity[row]
    most = np.floor(np.minimum(capacity, LARGEST) * (1 + 1e-12))
    batch = np.stack(np.meshgrid(*(np.arange(m + 1) for m in most), indexing="ij"), axis=-1).reshape(-1, 2)
    stages = float(np.broadcast_to(performance.table.layout.pipeline, (len(performance.table),))[row])
    batch = batch[(batch @ (1 / capacity) <= 1 + 1e-9) & (batch.sum(axis=1) >= max(1.0, stages))]
    total = batch.sum(axis=1)
    distinct = np.unique(total)
    step, slope = performance.concave(distinct[None, :])
    concave = (step + slope * distinct)[:, row, np.searchsorted(distinct, total)]  # (R, n)
    seconds = (concave + performance.linear[:, row, :] @ batch.T).max(axis=0)
    yields = float(performance.tokens_per_step[row, 0])
    kept = yields / seconds >= pool.pace * (1 - 1e-12)
    return batch[kept], seconds[kept]


@pytest.fixture(scope="module")
def drawn() -> list[Pool]:
    return pools(seed=1, count=200)


@pytest.fixture(scope="module")
def errors(drawn: list[Pool]) -> FloatArray:
    """(smaller limit, what the program delivers as a share of the truth) of every pool at a random mix."""
    random = np.random.default_rng(5)
    found = []
    for pool in drawn:
        share = random.uniform(0.05, 0.95)
        tokens = np.array([share, 1 - share]) * pool.limits * 10
        found.append((pool.limits.min(), true_time(pool, tokens) / planned_time(pool.over, tokens)))
    return np.array(found)


def test_pools_deliver_what_whole_batches_can(errors: FloatArray) -> None:
    """Design.md section 4 asks for 0.97–1.01 where limits are 20 and up, and measured 0.81–1.05 in all.

    Here (real kinds, contexts 180-fold apart) an instance that holds one sequence of a workload is the extreme on both
    sides: 0.71 to 1.13. From limits of 2 on whole batches keep what is promised but for 0.6 % in
    three pools of this draw.
    """
    limit, share = errors[:, 0], errors[:, 1]
    large, several = share[limit >= 20], share[limit >= 2]
    assert len(share) >= 200 and len(large) >= 25
    assert large.min() >= 0.97 and large.max() <= 1.001
    assert several.min() >= 0.84 and several.max() <= 1.006
    assert share.min() >= 0.70 and share.max() <= 1.15
    assert np.mean((share >= 0.81) & (share <= 1.05)) >= 0.99
    assert np.median(share) >= 0.99


def test_the_vectors_physics_is_the_certificates() -> None:
    for pool in pools(seed=2, count=30):
        batch, seconds = vectors(pool)
        for index in (0, len(batch) // 2, len(batch) - 1):
            here = dict(zip("xy", batch[index], strict=True))
            exact = exact_step(pool.performance, pool.row, here).total
            assert seconds[index] == pytest.approx(exact, rel=1e-9)
            assert memory_share(pool.performance, pool.row, here) <= 1 + 1e-9


def test_under_estimates_bound_every_mean_batch_and_over_estimates_keep_within_it() -> None:
    """under ≤ exact ≤ over: whatever mix an instance runs within its limits, chords need no more time than it takes,
    and tangents need at least what the cheapest mix takes."""
    random = np.random.default_rng(7)
    for pool in pools(seed=3, count=60):
        limits = _limits(pool.under)
        yields = float(pool.performance.tokens_per_step[pool.row, 0])
        for share in (0.0, 0.3, 0.7, 1.0):
            mix = np.array([share, 1 - share])
            batch = mix / (mix / limits).sum(axis=1).max() * random.choice([1.0, 1.0, 0.6])
            exact = exact_step(pool.performance, pool.row, dict(zip("xy", batch, strict=True))).total
            tokens = yields * batch / exact  # what one instance delivers
            assert planned_time(pool.under, tokens) <= 1 + 1e-9
            assert planned_time(pool.over, tokens) >= planned_time(pool.under, tokens) * (1 - 1e-9)


def _limits(options: tuple[Option, ...]) -> FloatArray:
    """Limits by resource, shape (Q, 2), of the lines of one kind; every line has those that can bind beside it."""
    both = [option.batch_limit for option in options if len(option.workloads) == 2]
    assert both
    return np.unique(np.concatenate(both), axis=0)
