"""Points of `enumeration: deployable`: whole-numbered layouts, at the whole batches that can matter.

Between two breakpoints (a collective switches protocol, memory and arithmetic cross) a step takes A + B·b seconds, so
speed falls and price falls along b, and speed^α/price is largest at b = A/(α·B). Evaluated are the limits, both sides of
every breakpoint, that optimum of every piece, and a geometric series for the shape of the curve.
"""

from __future__ import annotations

import numpy as np

from fleets.schema.assumptions import AssumptionSet
from formulations.physics.arrays import FloatArray, reuse_freed_memory
from formulations.physics.step import StepCoefficients
from planner.config.resolved import ResolvedModel, ResolvedSupply, ResolvedWorkload
from planner.options.kinds import KindTable, kind_tables
from planner.options.limits import whole
from planner.options.performance import LARGEST_BATCH, Performance, performance
from planner.step_time.speed_cost.config import FrontierStudy
from planner.step_time.speed_cost.points import Description, Points

_SERIES = np.unique(np.rint(2.0 ** (np.arange(2 * np.log2(LARGEST_BATCH) + 1) / 2)))
"""Whole batches 1, 2, 3, 4, 6, 8, 11, …"""
_BISECTIONS = 50


def deployable_points(
    study: FrontierStudy,
    model: ResolvedModel,
    supply: ResolvedSupply,
    assumptions: AssumptionSet,
    context: float,
) -> tuple[list[Points], list[str]]:
    """(points that fit, one set per way of decoding; why layouts were refused)."""
    assert supply.accelerator is not None  # a frontier always resolves with physics
    reuse_freed_memory()
    tables, refused = kind_tables(model, supply.accelerator, study.layouts, assumptions)
    points = [_points(table, study.preference, supply, assumptions, context) for table in tables]
    return [found for found in points if found.batch.size], [str(rejection) for rejection in refused]


def _points(
    table: KindTable, preference: float, supply: ResolvedSupply, assumptions: AssumptionSet, context: float
) -> Points:
    workload = ResolvedWorkload(
        "frontier", table.model.name, context, 1.0, context, 0.0, 0.0, None, 0.0, None
    )
    kinds = performance(table, (workload,), assumptions, prefill=False, utilisation=1.0)
    least = table.smallest_batch
    limit = whole(kinds.capacity)
    batch = _batches(kinds, least, limit)
    seconds = _step(kinds, batch)
    batch = np.concatenate([batch, _optima(batch, seconds, preference)], axis=1)
    seconds = _step(kinds, batch) / kinds.tokens_per_step
    row, column = np.nonzero((batch >= least) & (batch <= limit))
    chosen = seconds[row, column], table.gpus[row], batch[row, column]

    def describe(index: int) -> Description:
        kind = row[index]
        return {
            "layout": table.layout_names[kind],
            "weight_precision": table.weight_precisions[kind],
            "kv_precision": table.kv_precisions[kind],
            "speculation": table.speculation_name(kind),
        }

    return Points(*chosen, supply.usd_per_hour, describe)


def _step(kinds: Performance, batch: FloatArray) -> FloatArray:
    """Exact seconds of a step of every kind at batches (K, M)."""
    return sum(
        (times * coefficients.total(batch) for coefficients, times in kinds.passes), np.zeros(batch.shape)
    )


def _batches(kinds: Performance, least: FloatArray, limit: FloatArray) -> FloatArray:
    """Whole batches (K, M), rising: limits, both sides of every breakpoint, and the series."""
    rows = len(kinds.table)
    breaks = [limit, np.broadcast_to(_SERIES, (rows, _SERIES.size))]
    for coefficients, _ in kinds.passes:
        start = coefficients.network_pieces().start[:, 0, :]
        for real in (np.where(np.isfinite(start), start, 1.0), _roofline_crossing(coefficients, limit)):
            breaks += [np.floor(real), np.ceil(real)]
    batch = np.concatenate([np.broadcast_to(values, (rows, values.shape[1])) for values in breaks], axis=1)
    return np.sort(np.clip(batch, least, np.maximum(limit, least)), axis=1)


def _roofline_crossing(coefficients: StepCoefficients, limit: FloatArray) -> FloatArray:
    """Batch (K, 1) up to `limit` at which arithmetic overtakes memory, by bisection; `limit` where it does not."""
    low, high = np.ones(limit.shape), np.maximum(limit, 1.0)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        compute_bound = coefficients.sequence_compute * middle > coefficients.memory(middle)
        low, high = np.where(compute_bound, low, middle), np.where(compute_bound, middle, high)
    return high


def _optima(batch: FloatArray, seconds: FloatArray, preference: float) -> FloatArray:
    """Both whole neighbours of A/(preference·B) in every interval of batches, its ends where it lies outside."""
    width = np.diff(batch, axis=1)
    slope = np.diff(seconds, axis=1) / np.where(width > 0, width, 1.0)
    fixed = seconds[:, :-1] - slope * batch[:, :-1]
    best = np.where(slope > 0, fixed / (preference * np.where(slope > 0, slope, 1.0)), batch[:, 1:])
    inside = np.clip(best, batch[:, :-1], batch[:, 1:])
    return np.concatenate([np.floor(inside), np.ceil(inside)], axis=1)
