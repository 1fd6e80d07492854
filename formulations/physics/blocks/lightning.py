"""Lightning attention (MiniMax-Text-01): linear attention with one decay per head."""

from __future__ import annotations

from dataclasses import dataclass

from fleets.schema.assumptions import Choices
from fleets.schema.blocks import Lightning
from formulations.physics.blocks.matrix import Matrix
from formulations.physics.blocks.recurrence import Recurrence, chunked_flop
from formulations.physics.blocks.token_mixer import Split


@dataclass(frozen=True)
class LightningPhysics(Recurrence[Lightning]):
    """5·H·h² FLOP per token."""

    def matrices(self, choices: Choices) -> tuple[Matrix, ...]:
        """Queries, keys and values; gates; output."""
        width = self._width
        return (Matrix((3 + self.block.gate) * width, self.d_model), Matrix(self.d_model, width))

    @property
    def _width(self) -> float:
        return float(self.block.heads * self.block.head_dim)

    @property
    def state_elements(self) -> float:
        return self._width * self.block.head_dim

    @property
    def convolved(self) -> float:
        return 0.0

    @property
    def taps(self) -> int:
        return 1

    @property
    def flop_per_token(self) -> float:
        return 5.0 * self.state_elements

    @property
    def flop_of_prompt(self) -> float:
        return chunked_flop(self.block.heads, self.block.head_dim, self.block.head_dim)

    @property
    def cache_heads(self) -> int:
        return self.block.heads

    @property
    def words_in(self) -> float:
        return (3.0 + self.block.gate) * self._width

    @property
    def heads(self) -> tuple[tuple[str, int], ...]:
        return (("heads", self.block.heads),)

    @property
    def outputs(self) -> tuple[Split, ...]:
        return (("heads", self._width),)

    @property
    def inputs(self) -> tuple[Split, ...]:
        return (("heads", self._width),)
