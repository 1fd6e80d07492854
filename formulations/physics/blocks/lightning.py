"""Lightning attention (MiniMax-Text-01): linear attention with one decay per head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fleets.schema.blocks import Lightning
from formulations.physics.blocks.kernel import Matrix
from formulations.physics.blocks.recurrence import MatrixState


@dataclass(frozen=True)
class LightningPhysics(MatrixState[Lightning]):
    """5·H·h² FLOP per token."""

    split: ClassVar[str] = "heads"
    flop_per_element: ClassVar[float] = 5.0

    def multiplied(self) -> tuple[Matrix, ...]:
        """Queries, keys and values; gates; output."""
        return (Matrix(self.words_in, self.d_model), Matrix(self.d_model, self.width))

    @property
    def state_shape(self) -> tuple[int, int, int]:
        return (self.block.heads, self.block.head_dim, self.block.head_dim)

    @property
    def convolved(self) -> float:
        return 0.0

    @property
    def words_in(self) -> float:
        return (3.0 + self.block.gate) * self.width
