"""Gated short convolution (LFM2): the last taps of every channel, between two gates; all its work is in its matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fleets.schema.blocks import ShortConvolution
from formulations.physics.blocks.kernel import Matrix
from formulations.physics.blocks.recurrence import Recurrence


@dataclass(frozen=True)
class ShortConvolutionPhysics(Recurrence[ShortConvolution]):
    """No state but the convolution's inputs."""

    split: ClassVar[str] = "channels"
    flop_per_element: ClassVar[float] = 0.0

    def multiplied(self) -> tuple[Matrix, ...]:
        """Input and two gates; convolution; output."""
        return (
            Matrix(self.words_in, self.d_model),
            Matrix(self.width, self.block.convolution),
            Matrix(self.d_model, self.width),
        )

    @property
    def width(self) -> float:
        return float(self.block.width or self.d_model)

    @property
    def state_elements(self) -> float:
        return 0.0

    @property
    def cache_heads(self) -> int:
        return int(self.width)

    @property
    def words_in(self) -> float:
        return 3 * self.width
