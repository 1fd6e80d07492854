"""Fit: the constants of an assumption set from measured serving, by robust least squares on log TPOT and log TTFT.

    minimise Σ soft_l1(log(predicted/measured)/σ) + Σ ((log constant − log prior)/σ_prior)²   within the constants' bounds

σ is the error that each quantity is expected to have, so that TTFT, which benchmarks measure far less reproducibly,
does not pull at what TPOT says. TTFT counts up to a concurrency where queues of the benchmark do not dominate it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fleets import catalog
from fleets.schema.assumptions import AssumptionSet
from formulations.physics.arrays import BoolArray, FloatArray
from formulations.physics.machine import machine
from formulations.physics.precision import arithmetic_format
from planner.calibration.constants import Constant, apply, constants_for, priors
from planner.calibration.measured import Point
from planner.calibration.predict import Predictor

TPOT_SIGMA, TTFT_SIGMA = 0.12, 0.5
TTFT_CONCURRENCY = 16.0
"""Largest concurrency whose TTFT counts."""
AT_BOUND = 0.01
"""Distance to a bound, in log units, that counts as at it."""
IDENTIFIED = 0.25
"""A constant that the data alone leave uncertain by more than this, in log units, is not identified by them."""
RIDGE = 1e-8
"""Keeps the normal matrix invertible where the data say nothing at all about a constant."""
STEP = 1e-3
"""Step of finite differences, in log units."""


@dataclass(frozen=True)
class Estimate:
    """One constant after the fit."""

    constant: Constant
    value: float
    deviation: float
    """Standard deviation that the data alone leave, in log units (about the relative one)."""

    @property
    def at_bound(self) -> bool:
        log = np.log(self.value)
        return bool(min(log - np.log(self.constant.low), np.log(self.constant.high) - log) < AT_BOUND)

    @property
    def identified(self) -> bool:
        return self.deviation < IDENTIFIED


@dataclass(frozen=True)
class FitResult:
    """Fitted constants and the set that they make."""

    assumptions: AssumptionSet
    estimates: tuple[Estimate, ...]

    @property
    def values(self) -> dict[str, float]:
        return {estimate.constant.name: estimate.value for estimate in self.estimates}


def first_token_rows(points: Sequence[Point], limit: float = TTFT_CONCURRENCY) -> BoolArray:
    """Which points' TTFT counts: measured, at a concurrency up to `limit`."""
    return np.array([point.ttft_s is not None and point.concurrency <= limit for point in points])


def fit(
    points: Sequence[Point],
    base: AssumptionSet,
    start: Mapping[str, float] | None = None,
    constants: Sequence[Constant] | None = None,
) -> FitResult:
    """Constants of `base` that fit `points` best; `start` values speed it up, `constants` default to what they can
    identify. Raises ImportError without scipy (the `calibrate` extra)."""
    from scipy.optimize import least_squares

    chosen = tuple(constants) if constants is not None else constants_of(points)
    problem = _Problem(points, base, chosen)
    begin = {**priors(chosen), **dict(start or {})}
    low, high = np.log([c.low for c in chosen]), np.log([c.high for c in chosen])
    first = np.clip(np.log([begin[c.name] for c in chosen]), low + 1e-6, high - 1e-6)
    run = least_squares(
        problem.residuals, first, jac=problem.jacobian, bounds=(low, high), loss="soft_l1", x_scale=0.3,
        xtol=1e-5, ftol=1e-6, gtol=1e-6, max_nfev=60,
    )  # fmt: skip
    data = run.jac[: -len(chosen)]
    deviations = np.sqrt(np.diag(np.linalg.inv(data.T @ data + RIDGE * np.eye(len(chosen)))))
    estimates = tuple(
        Estimate(constant, float(np.exp(log)), float(deviation))
        for constant, log, deviation in zip(chosen, run.x, deviations, strict=True)
    )
    return FitResult(apply(base, {e.constant.name: e.value for e in estimates}), estimates)


def constants_of(points: Sequence[Point]) -> tuple[Constant, ...]:
    """The constants that these points can say something about."""
    architectures = {name: catalog.architecture(name) for name in {point.model for point in points}}
    formats = {
        arithmetic_format(
            machine(catalog.accelerator(point.system), catalog.assumption_set("default")).flops,
            point.weight_precision,
            "widest_operand",
        )
        for point in points
    }
    mixtures = any(architecture.is_mixture for architecture in architectures.values())
    return constants_for(sorted({point.engine for point in points}), mixtures, sorted(formats))


class _Problem:
    """Residuals of the fit over log constants."""

    def __init__(
        self,
        points: Sequence[Point],
        base: AssumptionSet,
        constants: tuple[Constant, ...],
    ) -> None:
        self.base, self.constants = base, constants
        self.predict = Predictor(points)
        self.first = first_token_rows(points)
        self.log_tpot = np.log([point.tpot_s for point in points])
        self.log_ttft = np.log([point.ttft_s or 1.0 for point in points])[self.first]
        self.prior = np.log([constant.prior for constant in constants])
        self.low = np.log([constant.low for constant in constants])
        self.sigma = np.array([constant.sigma for constant in constants])

    def residuals(self, logs: FloatArray) -> FloatArray:
        values = {
            constant.name: float(value) for constant, value in zip(self.constants, np.exp(logs), strict=True)
        }
        found = self.predict(apply(self.base, values))
        tpot = (np.log(found.tpot) - self.log_tpot) / TPOT_SIGMA
        ttft = (np.log(found.ttft[self.first]) - self.log_ttft) / TTFT_SIGMA
        return np.concatenate([tpot, ttft, (logs - self.prior) / self.sigma])

    def jacobian(self, logs: FloatArray) -> FloatArray:
        """One-sided differences, down from each value and up from its lower bound, below which physics may not go."""
        here = self.residuals(logs)
        steps = np.where(logs - STEP < self.low, STEP, -STEP)
        columns = [
            (self.residuals(logs + step * unit) - here) / step
            for step, unit in zip(steps, np.eye(len(logs)), strict=True)
        ]
        return np.stack(columns, axis=1)
