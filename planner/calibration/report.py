"""Report: how far predictions are from measurements, by cell and by engine; what is wrong with a fit; plain data that
tables and JSON are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from formulations.physics.arrays import BoolArray, FloatArray
from planner.calibration.fit import TTFT_CONCURRENCY, FitResult, first_token_rows
from planner.calibration.measured import Measurements, Point
from planner.calibration.predict import Prediction


@dataclass(frozen=True)
class Errors:
    """Errors of one quantity over some points, as shares of the measured value."""

    points: int
    mape: float
    """Mean of |predicted/measured − 1|."""
    median_ape: float
    bias: float
    """Mean of predicted/measured − 1: positive means predicted too slow."""

    @classmethod
    def of(cls, predicted: FloatArray, measured: FloatArray) -> Errors:
        """Errors of seconds against seconds; NaN where there is no point."""
        if len(measured) == 0:
            return cls(0, float("nan"), float("nan"), float("nan"))
        ratio = predicted / measured - 1.0
        share = np.abs(ratio)
        return cls(len(measured), float(share.mean()), float(np.median(share)), float(ratio.mean()))

    def as_data(self) -> dict[str, Any]:
        """JSON form; null where there is no point."""
        figures = {"mape": self.mape, "median_ape": self.median_ape, "bias": self.bias}
        return {"points": self.points} | {k: None if np.isnan(v) else v for k, v in figures.items()}


@dataclass(frozen=True)
class Comparison:
    """Predictions beside the measurements they are for."""

    points: tuple[Point, ...]
    prediction: Prediction
    ttft_concurrency: float = TTFT_CONCURRENCY

    @property
    def first_tokens(self) -> BoolArray:
        """Which points' TTFT counts."""
        return first_token_rows(self.points, self.ttft_concurrency)

    def tpot(self, rows: BoolArray | None = None) -> Errors:
        """TPOT errors of all points or of `rows`."""
        chosen = np.ones(len(self.points), dtype=np.bool_) if rows is None else rows
        return Errors.of(self.prediction.tpot[chosen], np.array([p.tpot_s for p in self.points])[chosen])

    def ttft(self, rows: BoolArray | None = None) -> Errors:
        """TTFT errors of the points up to `ttft_concurrency`, or of those among `rows`."""
        chosen = self.first_tokens if rows is None else self.first_tokens & rows
        return Errors.of(
            self.prediction.ttft[chosen], np.array([p.ttft_s or np.nan for p in self.points])[chosen]
        )

    def by(self, key: Callable[[Point], str]) -> dict[str, tuple[Errors, Errors]]:
        """(TPOT, TTFT) errors of the points by a key of theirs, sorted."""
        labels = np.array([key(point) for point in self.points])
        return {
            str(label): (self.tpot(labels == label), self.ttft(labels == label))
            for label in np.unique(labels)
        }

    def ratios(self, quantity: str, rows: BoolArray | None = None) -> FloatArray:
        """Measured over predicted, `tpot` of all points or `ttft` of those that count; or of those among `rows`."""
        chosen = np.ones(len(self.points), dtype=np.bool_) if rows is None else rows
        if quantity == "tpot":
            return (np.array([p.tpot_s for p in self.points]) / self.prediction.tpot)[chosen]
        first = self.first_tokens & chosen
        return (np.array([p.ttft_s or np.nan for p in self.points]) / self.prediction.ttft)[first]

    def as_data(self) -> dict[str, Any]:
        """`tpot` and `ttft`, each with points, mape, median_ape, bias and cells."""
        cells = self.by(lambda point: point.cell)
        ttft_cells = [{"cell": name, **ttft.as_data()} for name, (_, ttft) in cells.items() if ttft.points]
        return {
            "tpot": {
                **self.tpot().as_data(),
                "cells": [{"cell": n, **t.as_data()} for n, (t, _) in cells.items()],
            },
            "ttft": {**self.ttft().as_data(), "max_concurrency": self.ttft_concurrency, "cells": ttft_cells},
            "engines": {
                name: {"tpot": tpot.as_data(), "ttft": ttft.as_data()}
                for name, (tpot, ttft) in self.by(lambda point: point.engine or "not named").items()
            },
        }


QUANTILES = (10, 50, 75, 80, 90, 95)


def quantiles(ratios: FloatArray) -> dict[str, float]:
    """Quantiles of measured over predicted by percent, three decimals."""
    return {str(percent): round(float(np.percentile(ratios, percent)), 3) for percent in QUANTILES}


def rejected_data(measurements: Measurements) -> dict[str, Any]:
    """Rows that were left out: how many, which and why, and the names that the catalogue does not have."""
    return {
        "left_out": len(measurements.rejected),
        "rejected": [
            {"file": row.file, "line": row.line, "reason": row.reason} for row in measurements.rejected
        ],
        "unknown": measurements.unknown_names,
    }


def constants_data(result: FitResult) -> list[dict[str, Any]]:
    """Fitted constants with their range, uncertainty, and whether the data determine them."""
    return [
        {
            "name": e.constant.name,
            "meaning": e.constant.meaning,
            "value": e.value,
            "relative_deviation": e.deviation,
            "low": e.constant.low,
            "high": e.constant.high,
            "at_bound": e.at_bound,
            "identified": e.identified,
        }
        for e in result.estimates
    ]
