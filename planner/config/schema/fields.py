"""Fields: what numbers may be written, and which keys limit what supplies count."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field

from fleets.schema.base import Counts, FrozenModel
from planner.objectives import OBJECTIVES, Objective

Entry = TypeVar("Entry")


def once(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Every entry once: what stands twice in a list of choices is one choice."""
    return tuple(dict.fromkeys(entries))


Choices = Annotated[tuple[Entry, ...], Field(min_length=1), AfterValidator(once)]
"""A list to choose from."""


def at_least(least: float) -> AfterValidator:
    """Refuses what is positive and means nothing: quotients of it leave what a number can hold."""

    def check(value: float) -> float:
        if value < least:
            raise ValueError(f"{value:g} is next to nothing; write {least:g} or more, or look at its unit")
        return value

    return AfterValidator(check)


Tokens = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False, strict=True), at_least(1e-3)]
Rate = Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False, strict=True), at_least(1e-12)]
Share = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False, strict=True)]


def percent(value: object) -> object:
    """`0.5%` as 0.005; anything else unchanged, for pydantic to judge."""
    if isinstance(value, str) and value.strip().endswith("%"):
        try:
            return float(value.strip()[:-1]) / 100
        except ValueError:
            return value
    return value


Quantile = Annotated[str, Field(pattern=r"^p[1-9][0-9]?$")]
Safety = Share | Quantile
"""A margin on every predicted time: a share (`10%`), or a quantile of the assumption set's error where
its fit never saw the like (`p90`)."""


def counting(model: FrozenModel) -> list[Objective]:
    """Objectives that the keys of a model limit, where they are set."""
    return [
        OBJECTIVES[mark.objective]
        for name, field in type(model).model_fields.items()
        for mark in field.metadata
        if isinstance(mark, Counts) and getattr(model, name) is not None
    ]
