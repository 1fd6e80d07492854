"""Pieces: each kind's concave step time as lines that the program can take, and the sets of tokens they allow.

The optimum of a pool lies where its batch limits bind (time per sequence falls with the batch), so only total batches
between the smallest and the largest limit of the workloads matter. There the concave terms (protocol choice, touched
experts) are replaced by

  over-estimates, tangents at points:      every plan of the program is feasible in the exact physics;
  under-estimates, chords between points:  the program's optimum is a bound on every plan.

A chord lies above the concave curve outside its two points, so chords need no rows that hold them to their segment
(ours). Where all tangents of a kind are one line, both are that line and exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from formulations.physics.arrays import FloatArray, distinct
from planner.options.classes import ServiceClass
from planner.options.levels import Estimate, Level, levels
from planner.options.limits import batch_limits, pace_step_s, whole
from planner.options.performance import Performance

_LINE = 1e-12
FIRST_TOKEN = "ttft"


@dataclass(frozen=True)
class Pieces:
    """n lines of the kinds of one table for one service class; W workloads, R roofs, Q resources: HBM, the engine's
    sequences where it limits them, and a pace for every roof."""

    performance: Performance
    wanted: ServiceClass
    level: Level
    row: NDArray[np.int64]
    """Kind of each line, shape (n,)."""
    point: FloatArray
    """Total batch at which the line touches the exact step time, shape (n,)."""
    step_s: FloatArray
    """Seconds per step, shape (n, R)."""
    sequence_s: FloatArray
    """Seconds per sequence-step, shape (n, R, W)."""
    batch_limit: FloatArray
    """Largest batch of each workload alone, shape (n, Q, W): whole ones of the exact physics, real ones of the line's own
    pace; 0 where the workload cannot be served."""
    exact: bool
    """Whether over- and under-estimates coincide for every kind."""

    @property
    def roofs(self) -> tuple[str, ...]:
        """Names of the roofs: the step's, and `queue` where prompts must not wait long."""
        return (*self.performance.roofs, "queue")[: self.step_s.shape[1]]

    def resources(self, index: int) -> tuple[str, ...]:
        """Names of the Q resources of one line: HBM, the engine's setting, and what holds its step."""
        pace = pace_step_s(self.performance, self.wanted.pace)[self.row[index], 0]
        held = "pace" if self.level.step_s[self.row[index], 0] >= pace * (1 - _LINE) else FIRST_TOKEN
        steps = tuple(f"{held}:{roof}" for roof in self.performance.roofs)
        lines = tuple(f"{step}:line" for step in steps)
        sequences = () if self.performance.sequences is None else ("sequences",)
        return ("hbm", *sequences, *steps, *lines)[: self.batch_limit.shape[1]]

    @property
    def served(self) -> NDArray[np.bool_]:
        """Which workloads each line serves, shape (n, W)."""
        return np.asarray((self.batch_limit > 0).all(axis=1))

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
        served = self.served
        limit = np.where(served[:, None, :], self.batch_limit, 1.0)
        steps = self.step_s[:, :, None, None] / limit[:, None, :, :]
        rows = steps + self.sequence_s[:, :, None, :]
        rows = rows / self.performance.tokens_per_step[self.row][:, :, None, None]
        rows = np.where(served[:, None, None, :], rows, np.inf)
        return np.asarray(rows.reshape(len(rows), -1, rows.shape[-1]))


def pieces(
    performance: Performance, wanted: ServiceClass, estimate: Estimate = "over", refinement: int = 0
) -> list[Pieces]:
    """Lines of every kind for the workloads that a service class serves, by level.

    `refinement` splits the intervals between points, and between levels, that many times.
    """
    found = levels(performance, wanted, estimate, refinement)
    return [_pieces(performance, wanted, level, estimate, refinement) for level in found]


def _pieces(
    performance: Performance, wanted: ServiceClass, level: Level, estimate: Estimate, refinement: int
) -> Pieces:
    real = batch_limits(performance, level.step_s)  # (Q, K, W)
    queue = level.queue_s(performance)
    possible = level.served if queue is None else level.served & np.isfinite(queue)
    limit = np.where(possible, whole(real), 0.0)
    limit = np.where(limit.min(axis=0) >= performance.table.smallest_batch, limit, 0.0)
    points = _points(limit)  # (K, P), nan where there is none
    for _ in range(refinement):
        points = _split(performance, points)
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
    if not exact and np.isfinite(level.step_s).any():
        least = 1.0 if estimate == "over" else 0.0
        limits = _with_lines(limits, steps, sequence, level.step_s[row], least)
    if queue is not None:
        steps = np.concatenate([steps, np.zeros((len(row), 1))], axis=1)
        sequence = np.concatenate([sequence, queue[row][:, None, :]], axis=1)
    return Pieces(
        performance, wanted, level, row, points[row, column], steps, sequence, limits, exact and level.exact
    )


def _points(limit: FloatArray) -> FloatArray:
    """Sorted distinct total batches of each kind at which lines touch, shape (K, P); nan fills up.

    `limit` has shape (Q, K, W). The points are every workload's limit alone, and the largest total batch of any mix:
    where Σ b_w/limit[q, w] ≤ 1, Σ b_w is at most the largest limit[q, w], for every q; it lies beyond the limits alone
    where different resources limit the workloads.
    """
    alone, mixed = limit.min(axis=0), limit.max(axis=2, initial=0.0).min(axis=0)
    limit = np.concatenate([alone, mixed[:, None]], axis=1)
    return distinct(np.where(limit >= 1, limit, np.nan))


def _split(performance: Performance, points: FloatArray) -> FloatArray:
    """Points and one more in every interval whose end tangents differ: where they meet.

    The meeting point is where both tangents err most, and the kink itself where a single protocol switch lies in the
    interval (the sandwich algorithm for concave functions). Under the first roof every concave term counts, so where its
    tangents are one line all are.
    """
    kept = np.isfinite(points)
    step, slope = (part[0] for part in performance.concave(np.where(kept, points, 1.0)))  # (K, P)
    rise, fall = np.diff(step, axis=1), -np.diff(slope, axis=1)
    differ = kept[:, 1:] & (fall > _LINE * np.abs(slope[:, :-1]))
    meet = np.divide(rise, fall, out=np.full(rise.shape, np.nan), where=differ)
    low, high = points[:, :-1], points[:, 1:]
    inside = (meet > low * (1 + _LINE)) & (meet < high * (1 - _LINE))
    between = np.where(inside, meet, np.where(differ, np.sqrt(low * high), np.nan))
    return distinct(np.concatenate([points, between], axis=1))


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


def _with_lines(
    limits: FloatArray, step: FloatArray, sequence: FloatArray, budget: FloatArray, least: float
) -> FloatArray:
    """Add to the whole batches what the line itself allows at this pace, as resources of their own, shape (n, Q + R, W).

    A step within the pace for every workload alone need not be so for their mixes (it is concave in the total batch).
    A line's own row keeps tangents safe there, and chords as tight as the exact physics becomes when they are refined.
    What a line allows is a real number: rounding it too (5.98 to 5) would keep plans off the exact physics for ever. A
    workload of which an over-estimate does not hold one sequence is left out; of an under-estimate, only where nothing
    fits.
    """
    line = (budget[:, :, None] - step[:, :, None]) / sequence
    served = np.asarray((limits >= 1).all(axis=1) & (line > 0).all(axis=1) & (line >= least).all(axis=1))
    return np.where(served[:, None, :], np.concatenate([limits, line], axis=1), 0.0)
