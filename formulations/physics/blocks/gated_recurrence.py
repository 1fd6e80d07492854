"""Real-gated linear recurrence (RG-LRU of RecurrentGemma, arXiv 2402.19427): one number of state per channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fleets.schema.blocks import GatedRecurrence
from formulations.physics.blocks.kernel import Matrix
from formulations.physics.blocks.recurrence import Recurrence


@dataclass(frozen=True)
class GatedRecurrencePhysics(Recurrence[GatedRecurrence]):
    """6 FLOP per channel and token: two gates, decay, update."""

    split: ClassVar[str] = "recurrence heads"
    flop_per_element: ClassVar[float] = 6.0

    def multiplied(self) -> tuple[Matrix, ...]:
        """Input and its gate; convolution; the recurrence's two gates, each in blocks of a head; output."""
        shape, width = self.block, self.width
        size = width / shape.heads
        return (
            Matrix(self.words_in, self.d_model),
            Matrix(width, shape.convolution),
            Matrix(size, size, 2 * shape.heads),
            Matrix(self.d_model, width),
        )

    @property
    def width(self) -> float:
        return float(self.block.width or self.d_model)

    @property
    def state_elements(self) -> float:
        return self.width

    @property
    def cache_heads(self) -> int:
        return self.block.heads

    @property
    def words_in(self) -> float:
        return 2 * self.width
