"""Predict: TPOT and TTFT of measured points under any assumption set, through `formulations.physics` alone.

    batch = min(concurrency, what the KV cache of the HBM holds)
    TPOT  = step_time(batch) + batch/output_tokens · prefill_time            chunked prefill between decode steps
    TTFT  = request + first_token_steps · step_time + prompt_latency + burst_share·(batch − 1)/2 · prefill_time + wait

In steady state every running sequence is replaced once per output_tokens steps, hence the second term. Benchmarks draw
lengths up to the stated maximum; a point's `length_share` is the mean's part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fleets import catalog
from fleets.schema.assumptions import AssumptionSet
from formulations.physics.arrays import FloatArray
from formulations.physics.case import Case
from formulations.physics.first_token import first_token_time
from formulations.physics.layout import Layout
from formulations.physics.precision import ArithmeticRate, arithmetic_rate
from formulations.physics.prefill import prefill_time, prompt_latency
from planner.calibration.measured import Point


@dataclass(frozen=True)
class Prediction:
    """Seconds by point, in the points' order."""

    tpot: FloatArray
    ttft: FloatArray
    batch: FloatArray


@dataclass(frozen=True)
class _Group:
    """Points of one model, system and precision: one `Case`, arrays over the points."""

    rows: np.ndarray[tuple[int], np.dtype[np.intp]]
    points: tuple[Point, ...]
    layout: Layout
    input_tokens: FloatArray
    output_tokens: FloatArray
    concurrency: FloatArray


class Predictor:
    """Groups points once and evaluates any number of assumption sets on them."""

    def __init__(self, points: Sequence[Point]) -> None:
        self.points = tuple(points)
        keys: dict[tuple[str, str, str, str], list[int]] = {}
        for row, point in enumerate(self.points):
            key = (point.model, point.system, point.weight_precision, point.kv_precision)
            keys.setdefault(key, []).append(row)
        self._groups = [self._group(rows) for rows in keys.values()]

    def __call__(self, assumptions: AssumptionSet) -> Prediction:
        """TPOT, TTFT and batch of every point under `assumptions`."""
        count = len(self.points)
        found = Prediction(np.empty(count), np.empty(count), np.empty(count))
        for group in self._groups:
            tpot, ttft, batch = _predict(group, assumptions)
            found.tpot[group.rows], found.ttft[group.rows], found.batch[group.rows] = tpot, ttft, batch
        return found

    def _group(self, rows: list[int]) -> _Group:
        points = tuple(self.points[row] for row in rows)
        layout = Layout.of(
            [p.accelerators for p in points],
            pipeline=[p.pipeline for p in points],
            expert_parallel=[p.expert_parallel for p in points],
            attention_scaledown=[p.attention_groups for p in points],
            whole=True,
        )
        return _Group(
            rows=np.array(rows, dtype=np.intp),
            points=points,
            layout=layout,
            input_tokens=np.array([p.length_share * p.input_tokens for p in points]),
            output_tokens=np.maximum([p.length_share * p.output_tokens for p in points], 1.0),
            concurrency=np.array([p.concurrency for p in points]),
        )


def _predict(group: _Group, assumptions: AssumptionSet) -> tuple[FloatArray, FloatArray, FloatArray]:
    first = group.points[0]
    case = Case.of(
        catalog.architecture(first.model), catalog.accelerator(first.system), assumptions,
        first.weight_precision, first.kv_precision,
    )  # fmt: skip
    context = group.input_tokens + group.output_tokens / 2
    batch = np.minimum(group.concurrency, np.maximum(case.capacity(group.layout, context), 1.0))
    step = case.step(group.layout, context).total(batch)
    rate = arithmetic_rate(case.machine, assumptions, first.weight_precision, prefill=True)
    prompt = _prompt(case, rate, group)
    tpot = step + batch / group.output_tokens * prompt
    alone = prompt_latency(
        case.architecture,
        case.machine,
        assumptions,
        group.layout,
        rate,
        case.weight_bytes,
        group.input_tokens,
    )
    ttft = np.empty_like(tpot)
    engines = np.array([point.engine for point in group.points])
    for engine in np.unique(engines):
        own = engines == engine
        ttft[own] = first_token_time(
            assumptions.engine, alone[own], step[own], prompt[own], batch[own], tpot[own] * group.output_tokens[own],
            str(engine),
        )  # fmt: skip
    return tpot, ttft, batch


def _prompt(case: Case, rate: ArithmeticRate, group: _Group) -> FloatArray:
    return prefill_time(
        case.architecture, case.machine, case.assumptions, group.layout, rate, group.input_tokens
    )
