"""Pieces: each kind's concave step time as lines that the program can take, and the sets of tokens they allow.

The optimum of a pool lies where its batch limits bind (time per sequence falls with the batch), so only total batches
between the smallest and the largest limit of the workloads matter. There the concave terms (protocol choice, touched
experts) are replaced by

  over-estimates, tangents at points:      every plan of the program is feasible in the exact physics;
  under-estimates, chords between points:  the program's optimum is a bound on every plan.

A chord lies above the concave curve outside its two points, so chords need no rows that hold them to their segment (ours:
design.md section 4 had such rows). Where all tangents of a kind are one line, both are that line and exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from formulations.physics.arrays import FloatArray
from planner.options.classes import ServiceClass
from planner.options.limits import pace_limits, whole
from planner.options.performance import Performance

Estimate = Literal["over", "under"]
_LINE = 1e-12


@dataclass(frozen=True)
class Pieces:
    """n lines of the kinds of one table for one service class; W workloads, R roofs, Q = 1 + R resources (HBM, paces)."""

    performance: Performance
    wanted: ServiceClass
    row: NDArray[np.int64]
    """Kind of each line, shape (n,)."""
    point: FloatArray
    """Total batch at which the line touches the exact step time, shape (n,)."""
    step_s: FloatArray
    """Seconds per step, shape (n, R)."""
    sequence_s: FloatArray
    """Seconds per sequence-step, shape (n, R, W)."""
    batch_limit: FloatArray
    """Whole batches, shape (n, Q, W); 0 where the workload cannot be served."""
    exact: bool
    """Whether over- and under-estimates coincide for every kind."""

    @property
    def resources(self) -> tuple[str, ...]:
        """Names of the Q resources."""
        return ("hbm", *(f"pace:{roof}" for roof in self.performance.roofs))

    @property
    def gpus(self) -> FloatArray:
        """Accelerators per instance, shape (n,)."""
        return np.asarray(self.performance.table.gpus[self.row])

    def name(self, index: int) -> str:
        """Kind of one line."""
        return self.performance.table.name(int(self.row[index]))

    @property
    def instance_s_per_token(self) -> FloatArray:
        """Instance seconds per token by (roof, resource), shape (n, R·Q, W); inf where not served."""
        served = np.asarray((self.batch_limit >= 1).all(axis=1))
        limit = np.where(served[:, None, :], self.batch_limit, 1.0)
        steps = self.step_s[:, :, None, None] / limit[:, None, :, :]
        rows = steps + self.sequence_s[:, :, None, :]
        rows = rows / self.performance.tokens_per_step[self.row][:, :, None, None]
        rows = np.where(served[:, None, None, :], rows, np.inf)
        return np.asarray(rows.reshape(len(rows), -1, rows.shape[-1]))


def pieces(
    performance: Performance, wanted: ServiceClass, estimate: Estimate = "over", refinement: int = 0
) -> Pieces:
    """Lines of every kind for the workloads that a service class serves.

    `refinement` halves the intervals between points that many times.
    """
    pace = wanted.pace
    allowed = np.array([wanted.serves(workload) for workload in performance.workloads])
    real = np.concatenate([performance.capacity[None], pace_limits(performance, pace)])  # (Q, K, W)
    limit = np.where(allowed, whole(real), 0.0)
    limit = np.where(limit.min(axis=0) >= np.maximum(1.0, _stages(performance)), limit, 0.0)
    points = _points(limit, refinement)  # (K, P), nan where there is none
    kept = np.asarray(np.isfinite(points))
    step, slope = performance.concave(np.where(kept, points, 1.0))  # (R, K, P)
    changes = _new_lines(step, slope, kept)
    exact = not bool(changes[:, 1:].any())
    if estimate == "under" and not exact:
        step, slope, chorded = _chords(step, slope, points, changes)
        changes = chorded
    row, column = np.nonzero(changes)
    steps, slopes = step[:, row, column].T, slope[:, row, column].T
    sequence = slopes[:, :, None] + performance.linear[:, row, :].transpose(1, 0, 2)
    limits = limit[:, row, :].transpose(1, 0, 2)
    if not exact and estimate == "over" and pace > 0:
        limits = _safe(limits, steps, sequence, performance.tokens_per_step[row] / pace)
    return Pieces(performance, wanted, row, points[row, column], steps, sequence, limits, exact)


def _stages(performance: Performance) -> FloatArray:
    """Pipeline stages: a batch fills every stage or the layout does not run (shape (K, 1))."""
    layout = performance.table.layout
    return np.broadcast_to(layout.pipeline, (len(performance.table),))[:, None]


def _points(limit: FloatArray, refinement: int) -> FloatArray:
    """Sorted distinct total batches of each kind at which lines touch, shape (K, P); nan fills up.

    `limit` has shape (Q, K, W). The points are every workload's limit alone, and the largest total batch of any mix: where
    Σ b_w/limit[q, w] ≤ 1, Σ b_w is at most the largest limit[q, w], for every q; it lies beyond the limits alone where
    different resources limit the workloads.
    """
    alone, mixed = limit.min(axis=0), limit.max(axis=2, initial=0.0).min(axis=0)
    limit = np.concatenate([alone, mixed[:, None]], axis=1)
    points = np.sort(np.where(limit >= 1, limit, np.nan), axis=1)
    for _ in range(refinement):
        between = np.sqrt(points[:, :-1] * points[:, 1:])
        points = np.sort(np.concatenate([points, between], axis=1), axis=1)
    repeated = np.zeros(points.shape, dtype=bool)
    repeated[:, 1:] = points[:, 1:] <= points[:, :-1] * (1 + _LINE)
    return np.asarray(np.sort(np.where(repeated, np.nan, points), axis=1))


def _new_lines(step: FloatArray, slope: FloatArray, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Points whose tangent differs from the one before, under any roof; the first point of a kind always."""
    same = np.ones(kept.shape, dtype=bool)
    same[:, 0] = False
    for line in (step, slope):
        same[:, 1:] &= (np.abs(np.diff(line, axis=2)) <= _LINE * np.abs(line[:, :, 1:])).all(axis=0)
    return kept & ~same


def _chords(
    step: FloatArray, slope: FloatArray, points: FloatArray, changes: NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """Lines through the values at a point and at the next; a kind's only line stays."""
    value = step + slope * points
    width = np.diff(points, axis=1)
    chord = np.diff(value, axis=2) / width
    start = value[:, :, :-1] - chord * points[:, :-1]
    single = changes.sum(axis=1) == 1
    valid = np.isfinite(width) & ~single[:, None]
    nothing = np.zeros((len(points), 1), dtype=bool)
    keep = np.concatenate([valid, nothing], axis=1)
    keep[:, 0] |= single
    new_step = np.concatenate([start, step[:, :, -1:]], axis=2)
    new_slope = np.concatenate([chord, slope[:, :, -1:]], axis=2)
    new_step[:, single, 0], new_slope[:, single, 0] = step[:, single, 0], slope[:, single, 0]
    return new_step, new_slope, keep


def _safe(limits: FloatArray, step: FloatArray, sequence: FloatArray, budget: FloatArray) -> FloatArray:
    """Lower the pace limits to what the line itself allows, so that mixes of workloads keep the pace too.

    Limits are whole batches of the exact physics; what a line allows beside its point may lie a little below and is not
    rounded again (5.98 is not 5), or refinement would never reach the exact physics.
    """
    line = (budget[:, :, None] - step[:, :, None]) / sequence
    safe = np.concatenate([limits[:, :1], np.minimum(limits[:, 1:], line)], axis=1)
    served = np.asarray((safe >= 1).all(axis=1))
    return np.asarray(np.where(served[:, None, :], safe, 0.0))
