"""Measured accepted lengths of speculative decoding: tokens per target step by number of drafted tokens."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fleets.schema.base import FrozenModel, Name, Source

DraftTokens = Annotated[int, Field(ge=1, le=64)]  # a key of a mapping: text in JSON
Length = Annotated[float, Field(ge=1, le=65, allow_inf_nan=False, strict=True)]


class AcceptedLengths(FrozenModel):
    """Mean tokens per step of the target, its own bonus token included, by drafted tokens γ."""

    name: Name
    aliases: tuple[Name, ...] = ()
    draft: Literal["mtp", "eagle3", "dspark"]
    """Kind of draft: multi-token-prediction layers, an EAGLE-3 head, or DSpark blocks."""
    model: str
    """Target model as the source names it."""
    thinking: bool
    """Whether the model reasoned before it answered."""
    dataset: str
    tokens_per_step: Annotated[dict[DraftTokens, Length], Field(min_length=1)]
    """V by γ; V is at most γ + 1."""
    measured_on: str = ""
    """Accelerator and engine."""
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    note: str = ""

    @model_validator(mode="after")
    def _bounded(self) -> AcceptedLengths:
        for drafted, length in self.tokens_per_step.items():
            if length > drafted + 1:
                raise ValueError(
                    f"tokens_per_step[{drafted}] = {length} exceeds {drafted + 1} tokens of a step"
                )
        return self
