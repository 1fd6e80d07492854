"""Regimes: what a set's measurements are of, and the errors of each part where fits never saw it, as a set keeps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fleets import catalog
from fleets.schema.fits import Facet, LeftOut, Reach, Regime, TimeErrors
from formulations.physics.arrays import BoolArray
from planner.calibration.crossval import FACETS
from planner.calibration.measured import Point
from planner.calibration.report import Comparison, Errors, quantiles

DIGITS = 4
LEAST_POINTS = 30
"""Fewer points say nothing about a prediction's error: the tenth of them that a band leaves out on each side is then no
more than chance (ours)."""


def regimes_of(points: Sequence[Point], left_out: Mapping[Facet, Comparison]) -> tuple[Regime, ...]:
    """One regime per family, accelerator and precision that was measured, sorted; one of fewer than `LEAST_POINTS` has
    no errors of its own."""
    labels = [_label(point) for point in points]
    found = []
    for label in sorted(set(labels)):
        rows = np.array([own == label for own in labels])
        models = sorted({point.model for point, own in zip(points, rows, strict=True) if own})
        family, accelerator, precision = label
        found.append(
            Regime(
                family=family,
                accelerator=accelerator,
                precision=precision,
                models=tuple(models),
                points=int(rows.sum()),
                errors=errors_of(points, left_out, rows) if rows.sum() >= LEAST_POINTS else (),
            )
        )
    return tuple(found)


def errors_of(
    points: Sequence[Point], left_out: Mapping[Facet, Comparison], rows: BoolArray | None = None
) -> tuple[LeftOut, ...]:
    """Errors of all points, or of `rows`, by facet left out."""
    chosen = np.ones(len(points), dtype=np.bool_) if rows is None else rows
    return tuple(
        LeftOut(
            facet=facet,
            groups=len({FACETS[facet](point) for point, own in zip(points, chosen, strict=True) if own}),
            tpot=_errors(comparison.tpot(chosen), comparison.ratios("tpot", chosen)),
            ttft=_errors(comparison.ttft(chosen), comparison.ratios("ttft", chosen))
            if comparison.ttft(chosen).points
            else None,
        )
        for facet, comparison in left_out.items()
    )


def reach_of(points: Sequence[Point]) -> Reach:
    """How far the points reach beside their regimes."""
    return Reach(
        kv_precisions=tuple(sorted({point.kv_precision for point in points})),
        instance_accelerators=max(point.accelerators for point in points),
        pipeline=max(point.pipeline for point in points),
        request_tokens=max(point.input_tokens + point.output_tokens for point in points),
    )


def _label(point: Point) -> tuple[str, str, str]:
    return catalog.architecture(point.model).family, point.system, point.weight_precision


def _errors(errors: Errors, ratios: np.ndarray) -> TimeErrors:
    return TimeErrors(
        points=errors.points,
        mape=round(errors.mape, DIGITS),
        bias=round(errors.bias, DIGITS),
        quantiles=quantiles(ratios),
    )
