"""Distributions of uncertain numbers, drawn by their inverse from one uniform number per sample.

A sample depends on the seed, the key path and its own number only: more samples leave the first ones as they were, and
another uncertain key does not change this one's.
"""

from __future__ import annotations

import zlib
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, JsonValue, model_validator
from scipy.special import ndtr, ndtri

from fleets.schema.base import FrozenModel, Positive
from formulations.physics.arrays import FloatArray

Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]


class _Numeric(FrozenModel):
    """What all distributions of numbers share."""

    factor: bool = False
    """The number drawn multiplies the base config's value."""
    whole: bool = False
    """Round to whole numbers (limits, units)."""


def _rising(low: float, high: float, low_name: str, high_name: str) -> None:
    if not low < high:
        raise ValueError(f"{low_name} {low:g} is not below {high_name} {high:g}")


class Normal(_Numeric):
    """Normal distribution, cut off at `at_least` and `at_most`."""

    distribution: Literal["normal"]
    mean: Number
    sd: Positive
    at_least: Number = -np.inf
    at_most: Number = np.inf

    @model_validator(mode="after")
    def _room(self) -> Normal:
        _rising(self.at_least, self.at_most, "at_least", "at_most")
        return self

    def quantile(self, share: FloatArray) -> FloatArray:
        """Values below which a share of the distribution lies."""
        low, high = ndtr((np.array([self.at_least, self.at_most]) - self.mean) / self.sd)
        return np.asarray(self.mean + self.sd * ndtri(low + share * (high - low)))


class LogNormal(_Numeric):
    """ln(value) is normal around ln(median) with standard deviation `sigma`; cut off at `at_least` and `at_most`."""

    distribution: Literal["lognormal"]
    median: Positive
    sigma: Positive
    at_least: Annotated[float, Field(ge=0, allow_inf_nan=False, strict=True)] = 0.0
    at_most: Number = np.inf

    @model_validator(mode="after")
    def _room(self) -> LogNormal:
        _rising(self.at_least, self.at_most, "at_least", "at_most")
        return self

    def quantile(self, share: FloatArray) -> FloatArray:
        """Values below which a share of the distribution lies."""
        with np.errstate(divide="ignore"):
            cuts = np.log(np.array([self.at_least, self.at_most]) / self.median)
        low, high = ndtr(cuts / self.sigma)
        return np.asarray(self.median * np.exp(self.sigma * ndtri(low + share * (high - low))))


class Uniform(_Numeric):
    """Every value between `low` and `high` alike."""

    distribution: Literal["uniform"]
    low: Number
    high: Number

    @model_validator(mode="after")
    def _room(self) -> Uniform:
        _rising(self.low, self.high, "low", "high")
        return self

    def quantile(self, share: FloatArray) -> FloatArray:
        """Values below which a share of the distribution lies."""
        return np.asarray(self.low + share * (self.high - self.low))


class Triangular(_Numeric):
    """From `low` over the most likely `mode` to `high`."""

    distribution: Literal["triangular"]
    low: Number
    mode: Number
    high: Number

    @model_validator(mode="after")
    def _room(self) -> Triangular:
        _rising(self.low, self.high, "low", "high")
        if not self.low <= self.mode <= self.high:
            raise ValueError(f"mode {self.mode:g} is not between low {self.low:g} and high {self.high:g}")
        return self

    def quantile(self, share: FloatArray) -> FloatArray:
        """Values below which a share of the distribution lies."""
        width = self.high - self.low
        rise, fall = self.mode - self.low, self.high - self.mode
        up = self.low + np.sqrt(share * width * rise)
        down = self.high - np.sqrt((1 - share) * width * fall)
        return np.asarray(np.where(share * width <= rise, up, down))


class Choice(FrozenModel):
    """One of a list of values, numbers or not, with weights."""

    distribution: Literal["choice"]
    values: Annotated[tuple[JsonValue, ...], Field(min_length=1)]
    weights: tuple[Positive, ...] | None = None

    @model_validator(mode="after")
    def _one_weight_each(self) -> Choice:
        if self.weights is not None and len(self.weights) != len(self.values):
            raise ValueError(
                f"weights has {len(self.weights)} numbers for {len(self.values)} values; give one each"
            )
        return self


Distribution = Annotated[
    Normal | LogNormal | Uniform | Triangular | Choice, Field(discriminator="distribution")
]


def draws(distribution: Distribution, path: str, seed: int, samples: int) -> list[JsonValue]:
    """The first `samples` values of an uncertain key."""
    shares = np.random.default_rng([seed, zlib.crc32(path.encode())]).random(samples)
    if isinstance(distribution, Choice):
        weights = np.array(distribution.weights or np.ones(len(distribution.values)))
        edges = np.cumsum(weights / weights.sum())[:-1]
        return [distribution.values[i] for i in np.searchsorted(edges, shares, side="right")]
    values = distribution.quantile(shares)
    return [round(v) for v in values.tolist()] if distribution.whole else list(values.tolist())
