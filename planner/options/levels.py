"""Levels: how a first token's time is shared between decode steps and waiting, as choices of the program.

Larger batches serve more sequences with longer steps; a first token has a few of those steps in it, so longer steps leave
less time to wait, and an instance with less time to wait takes fewer prompts. At a *level* θ, the longest step,

    sequences of w   a_w(θ) = T(b)/b   instance seconds each, b the largest whole batch of w with T(b) ≤ θ;   falls with θ
    prompts of w     q_w(θ)            instance seconds each on the roof `queue` at a wait of budget − steps·θ;   rises

and what an instance serves is Σ a_w·x_w ≤ 1, Σ q_w·x_w ≤ 1. A workload alone is served best at one whole batch b*, where
they cross: one level, exact. For mixes (ours):

- below every workload's level the first row is the tighter one for all of them, above every workload's upper level (the
  level, or one batch more where the queue is not yet full at b*) the second: no mix gains by leaving that range;
- inside, over-estimates take the levels themselves and more between them: each is a true way to run;
- under-estimates take, for each interval between neighbours, the steps of its upper end and the wait of its lower end:
  every level inside does less, so their optimum is a bound for every batch.

Without a limit on the first token, or where nothing waits, there is one level: the pace's.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from formulations.physics.arrays import FloatArray, distinct
from formulations.physics.queueing import queued_seconds
from planner.options.classes import ServiceClass
from planner.options.first_token import budget_s, patient
from planner.options.limits import batch_limits, pace_step_s, whole
from planner.options.performance import Performance

Estimate = Literal["over", "under"]
_NUDGE = 1e-10
"""A level lies this share above the step of its whole batch, so that rounding never loses the batch (the certificate's
tolerance is 1e-6)."""


@dataclass(frozen=True)
class Level:
    """One level of every kind that has it."""

    served: NDArray[np.bool_]
    """Workloads of the class that a kind can serve at this level, shape (K, W); none where a kind lacks the level."""
    step_s: FloatArray
    """Seconds that a step may last, shape (K, 1); inf where nothing is asked."""
    wait_s: FloatArray | None
    """Seconds that prompts may wait on average, shape (K, 1); None where nothing is asked."""
    exact: bool = True
    """Whether an under-estimate is a way to run, too."""

    def queue_s(self, performance: Performance) -> FloatArray | None:
        """Seconds per sequence-step under the roof `queue`, shape (K, W); None without that roof.

        The queue has all of an instance's time, not only what headroom leaves; busy time is held to `utilisation`.
        """
        if self.wait_s is None:
            return None
        queue = queued_seconds(performance.prefill_s, performance.prompt_s, self.wait_s)
        return np.asarray(queue * performance.utilisation)


def levels(
    performance: Performance, wanted: ServiceClass, estimate: Estimate = "over", refinement: int = 0
) -> list[Level]:
    """The levels at which kinds run a service class; `refinement` halves the intervals between them that many times."""
    allowed = np.array([workload.pace <= wanted.pace for workload in performance.workloads])
    budget = budget_s(performance)
    pace = pace_step_s(performance, wanted.pace)
    if not wanted.first:
        served = np.broadcast_to(allowed & np.isinf(budget).all(axis=0), budget.shape)
        return [Level(served, pace, None)] if served.any() else []
    first = [workload.name for workload in performance.workloads].index(wanted.first)
    served = patient(budget, first, allowed)
    if not served.any():
        return []
    own = np.where(served.any(axis=1), budget[:, first], 1.0)[:, None]
    steps = performance.engine.first_token_steps
    if steps == 0:
        return [Level(served, pace, own)]
    longest = np.minimum(pace, own / steps)
    waits = np.asarray((performance.prefill_s > 0) & served)
    if not waits.any():
        return [Level(served, longest, None)]
    low, high = _crossing(performance, served, longest, own)
    points = _points(low, high, np.asarray(waits.any(axis=1)), longest, refinement)
    columns = [points[:, [i]] for i in range(points.shape[1])]
    single = np.isfinite(points).sum(axis=1, keepdims=True) == 1
    if estimate == "over":
        found = [(served, column, column) for column in columns]
    else:  # a kind's only level stays as it is
        found = [(served & single, columns[0], columns[0])]
        found += [(served, upper, lower) for lower, upper in pairwise(columns)]
    exact = bool(single[served.any(axis=1)].all())
    made = [_level(who, upper, own - steps * lower, exact) for who, upper, lower in found]
    return [level for level in made if level.served.any()]


def _level(served: NDArray[np.bool_], step_s: FloatArray, wait_s: FloatArray, exact: bool) -> Level:
    there = np.isfinite(step_s) & np.isfinite(wait_s)
    step = np.where(there, step_s * (1 + _NUDGE), 1.0)
    return Level(served & there, step, np.where(there, np.maximum(wait_s, 0.0), 0.0), exact)


def _crossing(
    performance: Performance, served: NDArray[np.bool_], longest: FloatArray, own: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """(level of each workload alone, its upper level), shape (K, W); nan where it cannot be served.

    Where HBM or the pace holds the batch while the queue is not full, the upper level is more than any mix's step.
    """
    steps = performance.engine.first_token_steps
    most = whole(batch_limits(performance, longest).min(axis=0))
    least = performance.table.smallest_batch

    def rows(batch: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        step = performance.alone_s(batch)
        queue = queued_seconds(performance.prefill_s, performance.prompt_s, own - steps * step)
        return step, step / batch, queue * performance.utilisation

    able = served & (most >= least)
    most = np.where(able, most, least)
    low, high = np.broadcast_to(least - 1.0, most.shape), most  # the queue is not full at `low`
    while (low < high).any():
        middle = np.where(low < high, np.ceil((low + high) / 2), np.maximum(low, least))
        _, alone, queue = rows(middle)
        fine = (queue <= alone) | (low >= high)
        low, high = np.where(fine & (low < high), middle, low), np.where(fine, high, middle - 1.0)
    before, after = np.maximum(low, least), np.minimum(low + 1.0, most)
    one, other = rows(before), rows(after)
    worse = np.maximum(other[1], other[2]) < np.maximum(one[1], one[2])
    step, alone, queue = (np.where(worse, b, a) for a, b in zip(one, other, strict=True))
    able &= np.isfinite(queue)
    more = np.where(np.where(worse, after, before) < most, other[0], _any_mix(performance, most))
    return np.where(able, step, np.nan), np.where(able, np.where(queue >= alone, step, more), np.nan)


def _any_mix(performance: Performance, most: FloatArray) -> FloatArray:
    """Seconds that no step of a mix within the batch limits `most` (K, W) exceeds, shape (K, 1)."""
    largest = most.max(axis=1, keepdims=True)
    step, slope = performance.concave(largest)
    own = (performance.linear * most).max(axis=2, keepdims=True)
    return np.asarray((step + slope * largest + own).max(axis=0))


def _points(
    low: FloatArray, high: FloatArray, waits: NDArray[np.bool_], longest: FloatArray, refinement: int
) -> FloatArray:
    """Sorted distinct levels of each kind, shape (K, P); nan fills up. Where nothing waits, the longest step alone."""
    mixed = np.isfinite(low).sum(axis=1) > 1
    top = np.minimum(np.nanmax(np.where(np.isfinite(low), high, -np.inf), axis=1), longest[:, 0])
    points = np.concatenate([low, np.where(mixed, top, np.nan)[:, None]], axis=1)
    points = np.where(waits[:, None], points, np.nan)
    points[:, 0] = np.where(waits, points[:, 0], longest[:, 0])
    points = distinct(points)
    for _ in range(refinement):
        points = distinct(np.concatenate([points, np.sqrt(points[:, 1:] * points[:, :-1])], axis=1))
    return points[:, : max(1, int(np.isfinite(points).sum(axis=1).max(initial=1)))]
