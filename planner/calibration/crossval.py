"""Cross-validation: points predicted by fits that never saw any point like them, by what is left out.

Leaving out cells alone flatters: the same model on another accelerator stays in the fit, so its error says little about
a model or an accelerator that nobody measured. Leaving out all of a model, of an accelerator, … asks just that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import get_args

import numpy as np

from fleets import catalog
from fleets.schema.assumptions import AssumptionSet
from fleets.schema.fits import Facet
from planner.calibration.fit import FitResult, constants_of, fit
from planner.calibration.measured import Point
from planner.calibration.predict import Prediction, Predictor
from planner.calibration.report import Comparison

FACETS: dict[Facet, Callable[[Point], str]] = {
    "cell": lambda point: point.cell,
    "accelerator": lambda point: point.system,
    "model": lambda point: point.model,
    "family": lambda point: catalog.architecture(point.model).family,
    "precision": lambda point: point.weight_precision,
    "engine": lambda point: point.engine,
}
"""What points are left out by, in the order in which reports list it."""
assert set(FACETS) == set(get_args(Facet))


def cross_validate(
    points: Sequence[Point], base: AssumptionSet, whole: FitResult, facet: Facet
) -> Comparison | None:
    """Points beside predictions, each from a fit of `base` to all points that differ in the facet; None where none do.

    A constant that those say nothing about keeps its prior. `whole`, the fit of all points, is only where the searches
    start.
    """
    groups = np.array([FACETS[facet](point) for point in points])
    values = np.unique(groups)
    if len(values) < 2:
        return None
    constants, count = constants_of(points), len(points)
    found = Prediction(np.empty(count), np.empty(count), np.empty(count))
    for value in values:
        rows = groups == value
        others = [point for point, out in zip(points, rows, strict=True) if not out]
        left_out = Predictor([point for point, out in zip(points, rows, strict=True) if out])
        prediction = left_out(fit(others, base, whole.values, constants).assumptions)
        found.tpot[rows], found.ttft[rows], found.batch[rows] = (
            prediction.tpot,
            prediction.ttft,
            prediction.batch,
        )
    return Comparison(tuple(points), found)


def cross_validations(
    points: Sequence[Point], base: AssumptionSet, whole: FitResult
) -> dict[Facet, Comparison]:
    """`cross_validate` by every facet in which points differ."""
    found = {facet: cross_validate(points, base, whole, facet) for facet in FACETS}
    return {facet: comparison for facet, comparison in found.items() if comparison is not None}
