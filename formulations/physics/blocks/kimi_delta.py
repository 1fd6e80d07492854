"""Kimi delta attention (Kimi-Linear): a delta-rule state per head with a decay per channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fleets.schema.blocks import KimiDelta
from formulations.physics.blocks.kernel import Matrix
from formulations.physics.blocks.recurrence import MatrixState


@dataclass(frozen=True)
class KimiDeltaPhysics(MatrixState[KimiDelta]):
    """7·H·h² FLOP per token."""

    split: ClassVar[str] = "heads"
    flop_per_element: ClassVar[float] = 7.0

    def multiplied(self) -> tuple[Matrix, ...]:
        """Queries, keys and values; the step; convolution; decay and output gate, by low rank or in full; output."""
        shape, d_model, width = self.block, self.d_model, self.width
        rank = shape.gate_rank or shape.head_dim
        low_rank, full = (
            (Matrix(rank, d_model, replicated=True), Matrix(width, rank)),
            (Matrix(width, d_model),),
        )
        decay = full if shape.full_gates == "both" else low_rank
        gate = low_rank if shape.full_gates == "none" else full
        return (
            Matrix(3 * width, d_model),
            Matrix(shape.heads, d_model),
            Matrix(self.convolved, shape.convolution),
            *decay,
            *gate,
            Matrix(d_model, width),
        )

    @property
    def state_shape(self) -> tuple[int, int, int]:
        return (self.block.heads, self.block.head_dim, self.block.head_dim)

    @property
    def convolved(self) -> float:
        return 3 * self.width

    @property
    def words_in(self) -> float:
        return 4 * self.width
