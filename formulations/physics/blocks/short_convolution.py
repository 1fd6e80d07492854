"""Gated short convolution (LFM2): the last taps of every channel, between two gates."""

from __future__ import annotations

from dataclasses import dataclass

from fleets.schema.assumptions import Choices
from fleets.schema.blocks import ShortConvolution
from formulations.physics.blocks.matrix import Matrix
from formulations.physics.blocks.recurrence import Recurrence
from formulations.physics.blocks.token_mixer import Split


@dataclass(frozen=True)
class ShortConvolutionPhysics(Recurrence[ShortConvolution]):
    """All of its work is in its matrices."""

    def matrices(self, choices: Choices) -> tuple[Matrix, ...]:
        """Input and two gates; convolution; output."""
        width = self.convolved
        return (
            Matrix(3 * width, self.d_model),
            Matrix(width, self.block.convolution),
            Matrix(self.d_model, width),
        )

    @property
    def state_elements(self) -> float:
        return 0.0

    @property
    def convolved(self) -> float:
        return float(self.block.width or self.d_model)

    @property
    def taps(self) -> int:
        return self.block.convolution

    @property
    def flop_per_token(self) -> float:
        return 0.0

    @property
    def flop_of_prompt(self) -> float:
        return 0.0

    @property
    def cache_heads(self) -> int:
        return int(self.convolved)

    @property
    def words_in(self) -> float:
        return 3.0 * self.convolved

    @property
    def heads(self) -> tuple[tuple[str, int], ...]:
        return (("channels", int(self.convolved)),)

    @property
    def outputs(self) -> tuple[Split, ...]:
        return (("channels", self.convolved),)

    @property
    def inputs(self) -> tuple[Split, ...]:
        return (("channels", self.convolved),)
