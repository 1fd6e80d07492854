"""Cross-validation: every cell (model, system, precision) predicted by a fit that never saw it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fleets.schema.assumptions import AssumptionSet
from planner.calibration.constants import Constant, apply, priors
from planner.calibration.fit import FitResult, constants_of, fit
from planner.calibration.measured import Point
from planner.calibration.predict import Prediction, Predictor


def cross_validate(
    points: Sequence[Point],
    base: AssumptionSet,
    whole: FitResult | None = None,
) -> Prediction:
    """Predictions by point, each from a fit on all other cells; a constant that the other cells say nothing about
    keeps its prior. `whole`, the fit of all points, is only where the searches start."""
    constants = constants_of(points)
    start = whole.values if whole is not None else {}
    count = len(points)
    found = Prediction(np.empty(count), np.empty(count), np.empty(count))
    for cell in sorted({point.cell for point in points}):
        rows = np.array([point.cell == cell for point in points])
        others = [point for point, out in zip(points, rows, strict=True) if not out]
        left_out = Predictor([point for point, out in zip(points, rows, strict=True) if out])
        assumptions = _fit_others(others, base, constants, start)
        prediction = left_out(assumptions)
        found.tpot[rows], found.ttft[rows], found.batch[rows] = (
            prediction.tpot,
            prediction.ttft,
            prediction.batch,
        )
    return found


def _fit_others(
    others: Sequence[Point],
    base: AssumptionSet,
    constants: tuple[Constant, ...],
    start: dict[str, float],
) -> AssumptionSet:
    if not others:
        return apply(base, priors(constants))
    return fit(others, base, start, constants).assumptions
