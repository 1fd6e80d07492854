"""What recurrent mixers share: a state of constant size, which every step reads and writes, and no cache that grows.

Prompts run in chunks of Q tokens: 2·Q·(k + v) FLOP inside a chunk and 4·k·v with the state, per token and head (ours,
from the chunked kernels of flash-linear-attention and Mamba-2); without chunks as in decode.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar

from fleets.schema.assumptions import Choices
from fleets.schema.blocks.recurrent import Recurrent
from formulations.physics.arrays import FloatArray, Numbers, floats
from formulations.physics.blocks.kernel import NORM, Kernel, Matrix, Mixing, Small
from formulations.physics.blocks.token_mixer import Split, TokenMixer
from formulations.physics.context import Context

CHUNK = 64
"""Q."""
CONVOLUTION_BYTES = 2.0
"""Per element of the inputs that a short convolution waits with."""
STATE_BYTES = {"fp32": 4.0, "bf16": 2.0}
Shape = TypeVar("Shape", bound=Recurrent)


@dataclass(frozen=True)
class Recurrence(TokenMixer[Shape]):
    """A recurrent token mixer."""

    split: ClassVar[str]
    """What tensor ranks divide, in words."""
    flop_per_element: ClassVar[float]
    """FLOP of a token for each element of the state."""

    @property
    @abstractmethod
    def width(self) -> float:
        """Elements between input and output projections, which ranks split."""

    @property
    @abstractmethod
    def state_elements(self) -> float:
        """Of the recurrent state."""

    @property
    def convolved(self) -> float:
        """Channels of the short convolution; 0 without one."""
        return self.width

    @property
    def prompt_flop_per_token(self) -> float:
        """FLOP with the state per prompt token."""
        return self.flop_per_element * self.state_elements

    def kernels(self, choices: Choices) -> tuple[Kernel, ...]:
        """Input projections, convolution and recurrence, the output: the first matrix and the last have launches of their
        own, what is between them runs fused."""
        first, *others, last = self.multiplied()
        fused = [replace(matrix, launches=0) for matrix in others]
        steps = (Small("convolution"), Mixing("recurrence"), Small("norm and gate"))
        return (NORM, first, *fused, *steps, last)

    @abstractmethod
    def multiplied(self) -> tuple[Matrix, ...]:
        """Its matrices, input projection first and output last."""

    def decode_flop(self, context: Context) -> FloatArray:
        return floats(self.flop_per_element * self.state_elements + 0.0 * context.first)

    def prompt_flop(self, tokens: FloatArray) -> FloatArray:
        return floats(self.prompt_flop_per_token * tokens)

    def held(self, kv_bytes: Numbers, context: Context) -> FloatArray:
        return floats(0.0 * floats(kv_bytes) * context.first)

    def state(self) -> float:
        taps = getattr(self.block, "convolution", 1)
        kept = self.convolved * (taps - 1) * CONVOLUTION_BYTES
        return self.state_elements * STATE_BYTES[self.block.state_precision] + kept

    def moved(self, kv_bytes: Numbers, context: Context) -> FloatArray:
        return floats(2.0 * self.state() + 0.0 * floats(kv_bytes) * context.first)

    @property
    def heads(self) -> tuple[tuple[str, int], ...]:
        return ((self.split, self.cache_heads),)

    @property
    def outputs(self) -> tuple[Split, ...]:
        return ((self.split, self.width),)

    @property
    def inputs(self) -> tuple[Split, ...]:
        return ((self.split, self.width),)


@dataclass(frozen=True)
class MatrixState(Recurrence[Shape]):
    """A recurrence with a state of key × value size for each head."""

    @property
    @abstractmethod
    def state_shape(self) -> tuple[int, int, int]:
        """Heads, size of a key, size of a value."""

    @property
    def width(self) -> float:
        heads, _, values = self.state_shape
        return float(heads * values)

    @property
    def state_elements(self) -> float:
        return self.width * self.state_shape[1]

    @property
    def prompt_flop_per_token(self) -> float:
        heads, keys, values = self.state_shape
        return heads * (2.0 * CHUNK * (keys + values) + 4.0 * keys * values)

    @property
    def cache_heads(self) -> int:
        return self.state_shape[0]
