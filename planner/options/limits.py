"""Batch limits: the largest whole batch that HBM, and that a step's time under each roof, allow a workload alone."""

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


def batch_limits(performance: Performance, longest_s: FloatArray) -> FloatArray:
    """Largest real batch of each workload alone by resource, (Q, K, W): HBM, engine, and the step's roofs."""
    held = [performance.capacity[None], *sequence_limits(performance)]
    return np.concatenate([*held, step_limits(performance, longest_s)])


def pace_step_s(performance: Performance, pace: float) -> FloatArray:
    """Seconds that a step may last at `pace` tokens per second per user, shape (K, 1); inf where nothing is asked."""
    if pace <= 0:
        return np.full(performance.tokens_per_step.shape, np.inf)
    return performance.tokens_per_step / pace


def step_limits(performance: Performance, longest_s: FloatArray) -> FloatArray:
    """Largest real batch of each workload alone whose step lasts at most `longest_s` (K, 1) under each roof, (R, K, W).

    step(b) ≤ longest is solved by Newton's method from batch 0: the step time is concave in b under one roof, so every
    tangent's root is a safe limit and they rise to the true one. 0 where even a batch near 0 takes longer.
    """
    if not np.isfinite(longest_s).any():
        return np.full(performance.linear.shape, LARGEST_BATCH)
    key = longest_s.tobytes()
    if key not in performance.limits_by_step:
        performance.limits_by_step[key] = _step_limits(performance, longest_s)
    return performance.limits_by_step[key]


def _step_limits(performance: Performance, longest_s: FloatArray) -> FloatArray:
    linear = performance.linear
    batch = np.zeros(linear.shape)
    for _ in range(_ROUNDS):
        before = batch
        step, slope = _at_roof(performance, batch)
        batch = np.clip(np.maximum(before, (longest_s - step) / (slope + linear)), 0.0, LARGEST_BATCH)
        if np.all(batch - before <= _SAME * np.maximum(batch, 1.0)):
            break
    return batch


def _at_roof(performance: Performance, batch: FloatArray) -> tuple[FloatArray, FloatArray]:
    """`concave` where every roof has its own batch (R, K, W): the tangent of roof r at the batch of roof r."""
    step, slope = performance.concave(batch)  # (R batches, R roofs, K, W)
    roofs = np.arange(len(batch))
    return step[roofs, roofs], slope[roofs, roofs]
