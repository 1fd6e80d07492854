"""What a user writes for `fleetplan frontier`: a config in the words of the planning config, without workloads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from fleets.errors import CatalogError
from fleets.loading import parse_yaml, validate
from fleets.schema.assumptions import AssumptionSet
from fleets.schema.base import Count, FrozenModel, Name, Positive
from fleets.schema.fleets import Fleet
from formulations.physics.arrays import FloatArray
from planner.config.lookup import Lookup
from planner.config.resolved import ResolvedModel, ResolvedSupply
from planner.config.schema.models import Layouts, Model
from planner.errors import InputError

Context = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False, strict=True)]


class Axis(FrozenModel):
    """Values of one axis of the grid of `enumeration: real`."""

    values: tuple[Positive, ...] | None = None
    """Exactly these; otherwise `points` from `minimum` to `maximum`."""
    minimum: Positive | None = None
    """Default: accelerators, what holds the weights; batch, 1."""
    maximum: Positive | None = None
    """Default: accelerators, 2^18; batch, 2^18 times the sparsity."""
    points: Annotated[Count, Field(le=100_000)] = 400
    spacing: Literal["log", "linear"] = "log"

    @model_validator(mode="after")
    def _ordered(self) -> Axis:
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"minimum {self.minimum:g} exceeds maximum {self.maximum:g}")
        return self

    def grid(self, minimum: float, maximum: float) -> FloatArray:
        """The values; the arguments are used where the config gives none."""
        if self.values is not None:
            return np.array(self.values)
        low, high = self.minimum or minimum, self.maximum or maximum
        if self.spacing == "linear":
            return np.linspace(low, high, self.points)
        return np.logspace(np.log2(low), np.log2(high), self.points, base=2.0)


class RealSearch(FrozenModel):
    """`enumeration: real`: the paper's grid of real-valued accelerator counts, batches and parallel degrees."""

    accelerators: Axis = Axis()
    batch: Axis = Axis()
    pipeline: bool = True
    """Try ten pipeline degrees from 1 to min(batch, layers)."""
    attention_scaledown: bool = True
    """Try six attention scale-downs from 1 to all ranks."""


class FrontierStudy(FrozenModel):
    """A frontier config."""

    version: Literal[1] = 1
    name: str = "frontier"
    fleet: Fleet | str
    """Supplies in place, the name of a shipped fleet, or a path; one curve for each."""
    models: Annotated[dict[Name, Model], Field(min_length=1)]
    """One curve for each; precisions, speculation and layouts are chosen point by point along it."""
    context_tokens: Context | Annotated[tuple[Context, ...], Field(min_length=1)] = 0.0
    """Tokens that each sequence attends to; one curve for each."""
    assumptions: str = "default"
    """Name of a shipped assumption set, or path to a file of one."""
    step_model: Literal["full", "as-presented", "toy"] = "full"
    """`as-presented` and `toy`: the paper's text and its section 2.2 (`enumeration: real` only)."""
    enumeration: Literal["deployable", "real"] = "deployable"
    """`deployable`: whole-numbered layouts that engines run; `real`: the paper's search."""
    layouts: Layouts = Layouts(instance_gpus=(1, 2, 4, 8, 16, 32, 64))
    """Limits of `enumeration: deployable`."""
    real: RealSearch = RealSearch()
    """Grid of `enumeration: real`."""
    preference: Annotated[Positive, Field(le=100)] = 3.0
    """The user marked on each curve prefers the largest speed^preference/price."""
    latency_samples: Annotated[Count, Field(le=1_000_000)] | None = None
    """Only the cheapest point below each of so many log-spaced latency caps, up to 100 times the least latency (the
    paper: 1000); default: every point that no other beats in both speed and price."""

    @model_validator(mode="after")
    def _searchable(self) -> FrontierStudy:
        if self.enumeration == "deployable" and self.step_model != "full":
            raise ValueError(f"step_model: {self.step_model} needs enumeration: real")
        if self.enumeration == "real":
            for name, model in self.models.items():
                if any(way.accepted_lengths for way in model.speculation):
                    raise ValueError(
                        f"models.{name}.speculation: accepted_lengths needs enumeration: deployable; here give draft "
                        "and acceptance"
                    )
        return self

    @property
    def contexts(self) -> tuple[float, ...]:
        """Context lengths, one curve each."""
        return self.context_tokens if isinstance(self.context_tokens, tuple) else (self.context_tokens,)


@dataclass(frozen=True)
class ResolvedFrontier:
    """A frontier config whose names are objects."""

    study: FrontierStudy
    supplies: tuple[ResolvedSupply, ...]
    models: tuple[ResolvedModel, ...]
    assumptions: AssumptionSet


def load_frontier(source: str | Path) -> ResolvedFrontier:
    """Read and check a frontier config; raises `InputError` with every problem of the file."""
    path = Path(source)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            [f"{source}: cannot be read ({error}); give the path of a frontier config"]
        ) from None
    if not text.strip():
        raise InputError([f"{source}: is empty; start from a config in examples/paper"])
    try:
        study = validate(FrontierStudy, parse_yaml(text, str(source)), str(source))
    except CatalogError as error:
        raise InputError(error.problems) from None
    return resolve_frontier(study, str(source), path.resolve().parent)


def resolve_frontier(study: FrontierStudy, file: str, folder: Path) -> ResolvedFrontier:
    """Look up every name; `folder` is where relative paths start."""
    lookup = Lookup(file, folder)
    fleet = lookup.fleet(study.fleet)
    assumptions = lookup.assumptions(study.assumptions)
    supplies = (
        []
        if fleet is None
        else [
            lookup.supply(f"fleet.supply[{i}]", supply, fleet, True, True)
            for i, supply in enumerate(fleet.supply)
        ]
    )
    models = [lookup.model(name, model) for name, model in study.models.items()]
    if lookup.problems or assumptions is None:
        raise InputError(lookup.problems)
    return ResolvedFrontier(
        study,
        tuple(supply for supply in supplies if supply),
        tuple(model for model in models if model),
        assumptions,
    )
