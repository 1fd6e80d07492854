"""The frozen base of every schema, and the small field types that refuse absurd numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,79}$")]
"""A catalogue name: letters, digits, dot, dash, plus and underscore."""

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False, strict=True)]
Fraction = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False, strict=True)]
Count = Annotated[int, Field(ge=1, le=10_000_000, strict=True)]


@dataclass(frozen=True)
class Counts:
    """Marks a key as a limit on what supplies count: the name of the objective that counts it, such as `power`."""

    objective: str


class FrozenModel(BaseModel):
    """Immutable, refuses unknown keys, and keeps the sentence below a field as its description."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Source(FrozenModel):
    """Where a figure comes from."""

    name: str
    """Project, data sheet or publication, with its licence where it has one."""
    date: Annotated[str, Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]
    """Date of the figure, YYYY-MM-DD or YYYY-MM; the bare year where the source gives no day."""
