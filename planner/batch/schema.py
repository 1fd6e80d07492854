"""The scenario file, version 1: a base config and what is changed in it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, JsonValue, model_validator

from fleets.schema.base import Count, FrozenModel
from planner.batch.distributions import Distribution, Number

Values = Annotated[tuple[JsonValue, ...], Field(min_length=1)]


class NamedScenario(FrozenModel):
    """One scenario with a name: values by key path."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    set: dict[str, JsonValue] = {}
    """New values by key path; null takes a value away, so that its default holds."""
    multiply: dict[str, Number] = {}
    """Factors on the base config's values by key path; `[*]` multiplies all that it names."""


class Axis(FrozenModel):
    """One key of a grid: evenly spaced values, or factors on the base config's value."""

    multiply: Annotated[tuple[Number, ...], Field(min_length=1)] | None = None
    """Factors on the base config's value."""
    start: Number | None = None
    stop: Number | None = None
    count: Annotated[int, Field(ge=2, le=100_000, strict=True)] | None = None
    """How many values from start to stop, both included."""
    spacing: Literal["linear", "log"] = "linear"

    @model_validator(mode="after")
    def _one_form(self) -> Axis:
        spaced = (self.start, self.stop, self.count)
        if (self.multiply is None) == (None in spaced) or (self.multiply and spaced != (None, None, None)):
            raise ValueError("give either multiply, or all of start, stop and count")
        if self.spacing == "log" and not (self.start and self.stop and self.start > 0 and self.stop > 0):
            raise ValueError("spacing: log needs start and stop above 0")
        return self

    @property
    def values(self) -> list[float]:
        """The values, or the factors."""
        if self.multiply is not None:
            return list(self.multiply)
        assert self.start is not None and self.stop is not None and self.count is not None
        space = np.geomspace if self.spacing == "log" else np.linspace
        return [float(f"{value:.12g}") for value in space(self.start, self.stop, self.count)]


Grid = dict[str, Values | Axis]


class MonteCarlo(FrozenModel):
    """Random scenarios: every sample draws every key."""

    samples: Count
    seed: Annotated[int, Field(ge=0, le=2**31 - 1, strict=True)] = 0
    distributions: Annotated[dict[str, Distribution], Field(min_length=1)]


class ScenarioFile(FrozenModel):
    """A batch of scenarios."""

    version: Literal[1] = 1
    name: Annotated[str, Field(min_length=1, max_length=200)] = "whatif"
    base: str | dict[str, Any]
    """Path of a config (from this file's folder), or a config written in place."""
    include_base: bool = True
    """Solve the base config itself too, as the first row."""
    scenarios: tuple[NamedScenario, ...] = ()
    grid: Grid | tuple[Grid, ...] = ()
    """Every combination of the keys' values; several grids stand beside each other."""
    table: str | None = None
    """Path of a CSV file: a column per key path (and `name`), a row per scenario; an empty cell changes nothing."""
    monte_carlo: MonteCarlo | None = None

    @property
    def grids(self) -> tuple[Grid, ...]:
        """All grids."""
        return self.grid if isinstance(self.grid, tuple) else (self.grid,)
