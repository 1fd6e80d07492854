"""Fits: what the constants of an assumption set were fitted to, and how far its predictions were off where a fit never
saw what it predicted.

Errors are said for regimes (family × accelerator × precision), because they differ more between regimes than within one,
and for each thing that was left out, because leaving out a neighbour of what stays in the fit says little about what
nobody measured.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fleets.schema.base import Count, FrozenModel, NonNegative, Positive

Facet = Literal["cell", "accelerator", "model", "family", "precision", "engine"]
"""What points can share, and be left out of a fit by. `family`: dense or a mixture, and its attention
(`Architecture.family`); `cell`: model, accelerator and precision together."""


class TimeErrors(FrozenModel):
    """How far predictions of one time (per token, or to the first token) were off."""

    points: Count
    mape: NonNegative
    """Mean of |predicted/measured − 1|."""
    bias: Annotated[float, Field(ge=-1, allow_inf_nan=False, strict=True)]
    """Mean of predicted/measured − 1: positive means predicted too slow."""
    quantiles: dict[str, Positive]
    """Quantiles of measured over predicted by percent (`"90"`: 90 % of the points lie below)."""


class LeftOut(FrozenModel):
    """Errors of points that were predicted by fits without any point like them in one facet."""

    facet: Facet
    groups: Count
    """Values of the facet that were left out, one after the other."""
    tpot: TimeErrors
    ttft: TimeErrors | None = None
    """Null where no first token counts."""


class Regime(FrozenModel):
    """Measurements of one family on one accelerator in one weight precision."""

    family: str
    accelerator: str
    precision: str
    models: tuple[str, ...]
    points: Count
    errors: tuple[LeftOut, ...] = ()
    """By facet left out; of a facet that has one value in all of the data there is none."""


class Reach(FrozenModel):
    """How far the measurements reach, beside their regimes."""

    kv_precisions: tuple[str, ...]
    instance_accelerators: Count
    """Most accelerators of an instance."""
    pipeline: Count
    """Most pipeline stages."""
    request_tokens: Positive
    """Most tokens of a request, prompt and output together."""


class Fit(FrozenModel):
    """Where the constants of a fitted set come from, and how far they are off."""

    data: str
    date: str
    """Date range of the measurements."""
    points: Count
    """Points of the TPOT fit."""
    ttft_points: Annotated[int, Field(ge=0, strict=True)] = 0
    cells: Annotated[int, Field(ge=0, strict=True)] = 0
    """model × accelerator × precision."""
    left_out: Annotated[int, Field(ge=0, strict=True)] = 0
    """Rows of the file that could not be used."""
    tpot_mape: NonNegative
    """Of the fitted points themselves, as are the two that follow: how well the constants can follow the data, not how
    well they predict."""
    tpot_median: NonNegative
    ttft_median: NonNegative | None = None
    at_bound: tuple[str, ...] = ()
    """Constants that the fit left at a bound."""
    not_identified: tuple[str, ...] = ()
    """Constants that the data hardly move from their prior."""
    reach: Reach | None = None
    errors: tuple[LeftOut, ...] = ()
    """Of all points, by facet left out; empty where there are too few points, or nothing can be left out."""
    regimes: tuple[Regime, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _of_today(cls, data: object) -> object:
        if isinstance(data, dict) and "tpot_ratio_quantiles" in data:
            raise ValueError(
                "is of an earlier version, which judged predictions by cells left out alone; fit the set again with "
                "`fleetplan calibrate`, or leave `fit` out"
            )
        return data
