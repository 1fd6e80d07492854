"""Token mixer: what the physics asks of a block that mixes tokens, one class for each kind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, TypeVar

from fleets.schema.assumptions import Choices
from fleets.schema.blocks import Block
from formulations.physics.arrays import FloatArray, Numbers, floats
from formulations.physics.blocks.kernel import Kernel, Matrix, launches_of, matrices_of
from formulations.physics.context import Context

Shape = TypeVar("Shape", bound=Block)
Split = tuple[str, float]
"""Name of a width and its elements, which tensor ranks share."""


@dataclass(frozen=True)
class TokenMixer(ABC, Generic[Shape]):
    """One token mixer of one layer; all figures are of that layer, on all ranks together, without copies."""

    block: Shape
    d_model: int

    @abstractmethod
    def kernels(self, choices: Choices) -> tuple[Kernel, ...]:
        """What engines run one after another."""

    def matrices(self, choices: Choices) -> tuple[Matrix, ...]:
        """What a token is multiplied with."""
        return matrices_of(self.kernels(choices))

    def launches(self, choices: Choices) -> int:
        """Serial kernels."""
        return launches_of(self.kernels(choices))

    def parameters(self, choices: Choices) -> float:
        """Parameters that memory holds and passes read."""
        return sum(matrix.parameters for matrix in self.matrices(choices))

    @abstractmethod
    def decode_flop(self, context: Context) -> FloatArray:
        """FLOP of one token beside its matrices: with what it has kept of the tokens before."""

    def rank_flop(self, context: Context) -> FloatArray:
        """FLOP of one token that every tensor rank does for itself: replicated indexers."""
        return floats(0.0 * context.first)

    @abstractmethod
    def prompt_flop(self, tokens: FloatArray) -> FloatArray:
        """FLOP of a whole prompt beside its matrices."""

    def prompt_rank_flop(self, tokens: FloatArray) -> FloatArray:
        """FLOP of a whole prompt that every tensor rank does for itself."""
        return floats(0.0 * tokens)

    @abstractmethod
    def held(self, kv_bytes: Numbers, context: Context) -> FloatArray:
        """Bytes of cache that a sequence keeps, as a mean over the context; `kv_bytes` per element."""

    def state(self) -> float:
        """Bytes of constant size that a sequence keeps."""
        return 0.0

    @abstractmethod
    def moved(self, kv_bytes: Numbers, context: Context) -> FloatArray:
        """Bytes of cache and state that a step reads and writes for one sequence."""

    @property
    @abstractmethod
    def cache_heads(self) -> int:
        """Heads among which ranks split cache and state; ranks beyond them hold copies."""

    @property
    @abstractmethod
    def words_in(self) -> float:
        """Words between the input projections and the mixing: of the inner reductions of 2D layouts."""

    @property
    @abstractmethod
    def heads(self) -> tuple[tuple[str, int], ...]:
        """(name, number) of the heads that tensor ranks must divide."""

    @property
    def copied_heads(self) -> tuple[tuple[str, int], ...]:
        """(name, number) of the heads that ranks divide or hold copies of."""
        return ()

    @property
    def outputs(self) -> tuple[Split, ...]:
        """Widths of input projections that ranks split by their rows; quantised in whole blocks."""
        return ()

    @property
    def copied_outputs(self) -> tuple[tuple[str, int, int], ...]:
        """(name, heads, size of one) of widths that ranks beyond the heads hold copies of."""
        return ()

    @property
    def inputs(self) -> tuple[Split, ...]:
        """Widths of output projections that ranks split by their columns."""
        return ()
