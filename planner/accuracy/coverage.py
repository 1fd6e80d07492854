"""Coverage: how many measured points lie within the bands that a set states for them, which says whether it is honest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fleets import catalog
from fleets.schema.assumptions import AssumptionSet
from fleets.schema.fits import Fit
from planner.accuracy.bands import HIGH, LOW, Band, Quantiles, band
from planner.accuracy.reach import Doing, beyond
from planner.calibration.measured import Point
from planner.calibration.predict import Predictor
from planner.calibration.report import Comparison

ALL = "all"


@dataclass(frozen=True)
class Coverage:
    """Points of one cell, model | accelerator | precision, and how many of them lie within their band."""

    cell: str
    measured: str
    """`regime`, `neighbours`, or what was never measured."""
    points: int
    inside: int
    ttft_points: int
    ttft_inside: int

    def as_data(self) -> dict[str, Any]:
        """JSON form."""
        return dict(vars(self))


def coverage(points: Sequence[Point], assumptions: AssumptionSet) -> tuple[Coverage, ...]:
    """Coverage by cell and by what was measured of it, of a set that says its errors; empty for any other.

    Bands are those that plans state, and predictions are made as plans make them, which do not know the engine.
    """
    fit = assumptions.fit
    if fit is None or not fit.errors:
        return ()
    plain = tuple(replace(point, engine="") for point in points)
    comparison = Comparison(plain, Predictor(plain)(assumptions))
    bands = [_band(fit, point) for point in plain]
    labels = [(point.cell, _words(found)) for point, found in zip(plain, bands, strict=True)]
    tpot = np.array([p.tpot_s for p in plain]) / comparison.prediction.tpot
    ttft = np.array([p.ttft_s or np.nan for p in plain]) / comparison.prediction.ttft
    inside = np.array([_inside(b.tpot, float(ratio)) for b, ratio in zip(bands, tpot, strict=True)])
    first = comparison.first_tokens & np.array([bool(found.ttft) for found in bands])
    early = np.array([_inside(b.ttft, float(ratio)) for b, ratio in zip(bands, ttft, strict=True)])
    found = []
    for label in sorted(set(labels)):
        rows = np.array([own == label for own in labels])
        counts = (rows, rows & inside, rows & first, rows & first & early)
        found.append(Coverage(*label, *(int(chosen.sum()) for chosen in counts)))
    return tuple(found)


def total(covered: Sequence[Coverage]) -> Coverage:
    """All cells together."""
    names = ("points", "inside", "ttft_points", "ttft_inside")
    return Coverage(ALL, "", *(sum(getattr(one, name) for one in covered) for name in names))


def coverage_cells(row: Coverage) -> tuple[str, ...]:
    """Cell, what was measured of it, points and percent within their band, of TPOT and of TTFT."""
    return (
        row.cell,
        row.measured,
        *_share(row.points, row.inside),
        *_share(row.ttft_points, row.ttft_inside),
    )


def _share(points: int, inside: int) -> tuple[str, str]:
    return str(points), f"{100 * inside / points:.0f}" if points else "–"


def _band(fit: Fit, point: Point) -> Band:
    doing = Doing(
        kv_precisions=(point.kv_precision,),
        instance_accelerators=point.accelerators,
        pipeline=point.pipeline,
        speculation=False,
        disaggregated=False,
        prefix_hits=False,
        request_tokens=point.input_tokens + point.output_tokens,
    )
    architecture, accelerator = catalog.architecture(point.model), catalog.accelerator(point.system)
    return band(fit, architecture, accelerator, point.weight_precision, beyond(fit.reach, doing))


def _words(found: Band) -> str:
    return "regime" if found.regime else ", ".join(found.missing) or "neighbours"


def _inside(quantiles: Quantiles, ratio: float) -> bool:
    return bool(quantiles) and quantiles[LOW] <= ratio <= quantiles[HIGH]
