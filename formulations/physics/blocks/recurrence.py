"""What recurrent mixers share: a state of constant size, which every step reads and writes, and no cache that grows.

Prompts run in chunks of Q tokens: 2·Q·(k + v) FLOP inside a chunk and 4·k·v with the state, per token and head (ours,
from the chunked kernels of flash-linear-attention and Mamba-2).
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TypeVar

from fleets.schema.blocks.recurrent import Recurrent
from formulations.physics.arrays import FloatArray, Numbers, floats
from formulations.physics.blocks.token_mixer import STATE_BYTES, TokenMixer
from formulations.physics.context import Context

CHUNK = 64
"""Q."""
CONVOLUTION_BYTES = 2.0
"""Per element of the inputs that a short convolution waits with."""
Shape = TypeVar("Shape", bound=Recurrent)


@dataclass(frozen=True)
class Recurrence(TokenMixer[Shape]):
    """A recurrent token mixer."""

    @property
    @abstractmethod
    def state_elements(self) -> float:
        """Of the recurrent state."""

    @property
    @abstractmethod
    def convolved(self) -> float:
        """Channels of the short convolution; 0 without one."""

    @property
    @abstractmethod
    def taps(self) -> int:
        """Of the short convolution."""

    @property
    @abstractmethod
    def flop_per_token(self) -> float:
        """FLOP with the state in decode."""

    @property
    @abstractmethod
    def flop_of_prompt(self) -> float:
        """FLOP with the state per prompt token."""

    def decode_flop(self, context: Context) -> FloatArray:
        return floats(self.flop_per_token + 0.0 * context.first)

    def prompt_flop(self, tokens: FloatArray) -> FloatArray:
        return floats(self.flop_of_prompt * tokens)

    def held(self, kv_bytes: Numbers, context: Context) -> FloatArray:
        return floats(0.0 * floats(kv_bytes) * context.first)

    def state(self) -> float:
        kept = self.convolved * (self.taps - 1) * CONVOLUTION_BYTES
        return self.state_elements * STATE_BYTES[self.block.state_precision] + kept

    def moved(self, kv_bytes: Numbers, context: Context) -> FloatArray:
        return floats(2.0 * self.state() + 0.0 * floats(kv_bytes) * context.first)


def chunked_flop(heads: float, keys: float, values: float) -> float:
    """FLOP per prompt token of all heads."""
    return heads * (2.0 * CHUNK * (keys + values) + 4.0 * keys * values)
