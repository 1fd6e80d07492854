"""Mamba-2 (Nemotron-3, Granite-4, Falcon-H1): a state of head size × n per head, keys and queries shared in groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fleets.schema.blocks import Mamba2
from formulations.physics.blocks.kernel import Matrix
from formulations.physics.blocks.recurrence import MatrixState


@dataclass(frozen=True)
class Mamba2Physics(MatrixState[Mamba2]):
    """5·H·p·n FLOP per token."""

    split: ClassVar[str] = "Mamba heads"
    flop_per_element: ClassVar[float] = 5.0

    def multiplied(self) -> tuple[Matrix, ...]:
        """Gate, input, B and C, step sizes in one; convolution; output."""
        shape = self.block
        return (
            Matrix(self.words_in + shape.heads, self.d_model),
            Matrix(self.convolved, shape.convolution),
            Matrix(self.d_model, self.width),
        )

    @property
    def state_shape(self) -> tuple[int, int, int]:
        return (self.block.heads, self.block.state, self.block.head_dim)

    @property
    def convolved(self) -> float:
        return self.width + 2 * self.block.groups * self.block.state

    @property
    def words_in(self) -> float:
        return self.width + self.convolved

    @property
    def copied_heads(self) -> tuple[tuple[str, int], ...]:
        return (("Mamba groups", self.block.groups),)
