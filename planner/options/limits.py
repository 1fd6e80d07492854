"""Batch limits: the largest whole batch that HBM, and that the pace under each roof, allow a workload alone."""

from __future__ import annotations

import numpy as np

from formulations.physics.arrays import FloatArray
from planner.options.performance import LARGEST_BATCH, Performance

_SAME = 1e-12
_ROUNDS = 60


def whole(batch: FloatArray) -> FloatArray:
    """Round down to whole sequences; a value within rounding error below a whole number is that number."""
    return np.floor(batch * (1 + _SAME) + _SAME)


def sequence_limits(performance: Performance) -> list[FloatArray]:
    """Largest batch of each workload alone that the engine is set to run, (1, K, W); none where nothing limits it."""
    if performance.sequences is None:
        return []
    return [np.broadcast_to(performance.sequences, performance.capacity.shape)[None]]


def pace_limits(performance: Performance, pace: float) -> FloatArray:
    """Largest real batch of each workload alone whose step keeps `pace` under each roof, shape (R, K, W).

    `pace` is tokens per second per user; 0 asks for nothing. step(b) ≤ V/pace is solved by Newton's method from batch 0:
    the step time is concave in b under one roof, so every tangent's root is a safe limit and they rise to the true one.
    0 where even a batch near 0 breaks the pace.
    """
    if pace <= 0:
        return np.full(performance.linear.shape, LARGEST_BATCH)
    if pace not in performance.limits_by_pace:
        performance.limits_by_pace[pace] = _pace_limits(performance, pace)
    return performance.limits_by_pace[pace]


def _pace_limits(performance: Performance, pace: float) -> FloatArray:
    linear = performance.linear
    budget = performance.tokens_per_step / pace
    batch = np.zeros(linear.shape)
    for _ in range(_ROUNDS):
        before = batch
        step, slope = _at_roof(performance, batch)
        batch = np.clip(np.maximum(before, (budget - step) / (slope + linear)), 0.0, LARGEST_BATCH)
        if np.all(batch - before <= _SAME * np.maximum(batch, 1.0)):
            break
    return batch


def _at_roof(performance: Performance, batch: FloatArray) -> tuple[FloatArray, FloatArray]:
    """`concave` where every roof has its own batch (R, K, W): the tangent of roof r at the batch of roof r."""
    step, slope = performance.concave(batch)  # (R batches, R roofs, K, W)
    roofs = np.arange(len(batch))
    return step[roofs, roofs], slope[roofs, roofs]
