"""Gated delta net (Qwen3-Next, Qwen3.5): one delta-rule state of key × value size per value head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fleets.schema.blocks import GatedDelta
from formulations.physics.blocks.kernel import Matrix
from formulations.physics.blocks.recurrence import MatrixState
from formulations.physics.blocks.token_mixer import Split


@dataclass(frozen=True)
class GatedDeltaPhysics(MatrixState[GatedDelta]):
    """7·H_v·k·v FLOP per token: decay, prediction, update and reading of the state."""

    split: ClassVar[str] = "values"
    flop_per_element: ClassVar[float] = 7.0

    def multiplied(self) -> tuple[Matrix, ...]:
        """Queries, keys, values and gate in one; step and decay; convolution; output."""
        shape, values = self.block, self.width
        return (
            Matrix(2 * self._keys + 2 * values, self.d_model),
            Matrix(2 * shape.value_heads, self.d_model),
            Matrix(self.convolved, shape.convolution),
            Matrix(self.d_model, values),
        )

    @property
    def state_shape(self) -> tuple[int, int, int]:
        return (self.block.value_heads, self.block.key_dim, self.block.value_dim)

    @property
    def _keys(self) -> float:
        return float(self.block.key_heads * self.block.key_dim)

    @property
    def convolved(self) -> float:
        return 2 * self._keys + self.width

    @property
    def words_in(self) -> float:
        return 2 * self._keys + 2 * self.width

    @property
    def heads(self) -> tuple[tuple[str, int], ...]:
        return (("key heads", self.block.key_heads), ("value heads", self.block.value_heads))

    @property
    def outputs(self) -> tuple[Split, ...]:
        return (("keys", self._keys), ("values", self.width))
