"""Kimi delta attention (Kimi-Linear): a delta-rule state per head with a decay per channel."""

from __future__ import annotations

from dataclasses import dataclass

from fleets.schema.assumptions import Choices
from fleets.schema.blocks import KimiDelta
from formulations.physics.blocks.matrix import Matrix
from formulations.physics.blocks.recurrence import Recurrence, chunked_flop
from formulations.physics.blocks.token_mixer import Split


@dataclass(frozen=True)
class KimiDeltaPhysics(Recurrence[KimiDelta]):
    """7·H·h² FLOP per token."""

    def matrices(self, choices: Choices) -> tuple[Matrix, ...]:
        """Queries, keys and values; the step; convolution; decay and output gate, by low rank or in full; output."""
        shape, width, heads = self.block, self.d_model, self._width
        rank = shape.gate_rank or shape.head_dim
        low_rank, full = (Matrix(rank, width, replicated=True), Matrix(heads, rank)), (Matrix(heads, width),)
        decay = full if shape.full_gates == "both" else low_rank
        gate = low_rank if shape.full_gates == "none" else full
        return (
            Matrix(3 * heads, width),
            Matrix(shape.heads, width),
            Matrix(self.convolved, shape.convolution),
            *decay,
            *gate,
            Matrix(width, heads),
        )

    @property
    def _width(self) -> float:
        return float(self.block.heads * self.block.head_dim)

    @property
    def state_elements(self) -> float:
        return self._width * self.block.head_dim

    @property
    def convolved(self) -> float:
        return 3 * self._width

    @property
    def taps(self) -> int:
        return self.block.convolution

    @property
    def flop_per_token(self) -> float:
        return 7.0 * self.state_elements

    @property
    def flop_of_prompt(self) -> float:
        return chunked_flop(self.block.heads, self.block.head_dim, self.block.head_dim)

    @property
    def cache_heads(self) -> int:
        return self.block.heads

    @property
    def words_in(self) -> float:
        return 4 * self._width

    @property
    def heads(self) -> tuple[tuple[str, int], ...]:
        return (("heads", self.block.heads),)

    @property
    def outputs(self) -> tuple[Split, ...]:
        return (("heads", self._width),)

    @property
    def inputs(self) -> tuple[Split, ...]:
        return (("heads", self._width),)
