"""Mamba-1 (Jamba): a state of n numbers per channel, with step sizes of low rank; its scan of a prompt is sequential."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fleets.schema.blocks import Mamba1
from formulations.physics.blocks.kernel import Matrix
from formulations.physics.blocks.recurrence import Recurrence


@dataclass(frozen=True)
class Mamba1Physics(Recurrence[Mamba1]):
    """7·I·n FLOP per token."""

    split: ClassVar[str] = "Mamba channels"
    flop_per_element: ClassVar[float] = 7.0

    def multiplied(self) -> tuple[Matrix, ...]:
        """Input and gate; convolution; step rank, B and C; step sizes; decay; output."""
        shape = self.block
        return (
            Matrix(2 * shape.inner, self.d_model),
            Matrix(shape.inner, shape.convolution),
            Matrix(shape.step_rank + 2 * shape.state, shape.inner),
            Matrix(shape.inner, shape.step_rank),
            Matrix(shape.inner, shape.state),
            Matrix(self.d_model, shape.inner),
        )

    @property
    def width(self) -> float:
        return float(self.block.inner)

    @property
    def state_elements(self) -> float:
        return self.width * self.block.state

    @property
    def cache_heads(self) -> int:
        return self.block.inner

    @property
    def words_in(self) -> float:
        return 2 * self.width
