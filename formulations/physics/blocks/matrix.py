"""Matrix: what a forward pass multiplies, by the part of the model that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Role = Literal["attention", "dense", "experts"]
"""Which precision its weights have: token mixers; dense layers and shared experts; routed experts."""


@dataclass(frozen=True)
class Matrix:
    """`copies` matrices of `rows` × `columns` (output × input)."""

    rows: float
    columns: float
    copies: float = 1.0
    replicated: bool = False
    """Every tensor rank holds and multiplies all of it."""

    @property
    def parameters(self) -> float:
        return self.rows * self.columns * self.copies

    def times(self, count: float) -> Matrix:
        """So many times as many of it."""
        return replace(self, copies=self.copies * count)
