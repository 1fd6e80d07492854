"""Real-gated linear recurrence (RG-LRU of RecurrentGemma, arXiv 2402.19427): one number of state per channel."""

from __future__ import annotations

from dataclasses import dataclass

from fleets.schema.assumptions import Choices
from fleets.schema.blocks import GatedRecurrence
from formulations.physics.blocks.matrix import Matrix
from formulations.physics.blocks.recurrence import Recurrence
from formulations.physics.blocks.token_mixer import Split


@dataclass(frozen=True)
class GatedRecurrencePhysics(Recurrence[GatedRecurrence]):
    """6 FLOP per channel and token: two gates, decay, update."""

    def matrices(self, choices: Choices) -> tuple[Matrix, ...]:
        """Input and its gate; convolution; the recurrence's two gates, each in blocks of a head; output."""
        shape, width = self.block, self.convolved
        size = width / shape.heads
        return (
            Matrix(2 * width, self.d_model),
            Matrix(width, shape.convolution),
            Matrix(size, size, 2 * shape.heads),
            Matrix(self.d_model, width),
        )

    @property
    def state_elements(self) -> float:
        return self.convolved

    @property
    def convolved(self) -> float:
        return float(self.block.width or self.d_model)

    @property
    def taps(self) -> int:
        return self.block.convolution

    @property
    def flop_per_token(self) -> float:
        return 6.0 * self.convolved

    @property
    def flop_of_prompt(self) -> float:
        return self.flop_per_token

    @property
    def cache_heads(self) -> int:
        return self.block.heads

    @property
    def words_in(self) -> float:
        return 2.0 * self.convolved

    @property
    def heads(self) -> tuple[tuple[str, int], ...]:
        return (("recurrence heads", self.block.heads),)

    @property
    def outputs(self) -> tuple[Split, ...]:
        return (("channels", self.convolved),)

    @property
    def inputs(self) -> tuple[Split, ...]:
        return (("channels", self.convolved),)
