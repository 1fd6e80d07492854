"""Context: how many tokens a sequence attends to while it decodes, as a range over which its steps are spread evenly.

What a layer keeps or reads is a function of the context that saturates (a window, the best K tokens). Its mean over a
request is not its value at the mean context: min(mean, w) over-states mean(min, w) by up to a fifth (ours).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from formulations.physics.arrays import FloatArray, Numbers, floats


@dataclass(frozen=True)
class Context:
    """From `first` to `last` tokens; equal for one step alone. Arrays broadcast."""

    first: FloatArray
    last: FloatArray

    @classmethod
    def of(cls, tokens: Numbers | Context) -> Context:
        """A range as it is; a number of tokens as a range of its own."""
        if isinstance(tokens, Context):
            return tokens
        return cls(floats(tokens), floats(tokens))

    @property
    def mean(self) -> FloatArray:
        """Mean number of tokens."""
        return floats((self.first + self.last) / 2.0)

    def at_most(self, limit: float | None) -> FloatArray:
        """Mean of min(x, limit) over the range, in closed form; of x without a limit."""
        if limit is None:
            return self.mean
        low, high = np.minimum(self.first, limit), np.minimum(self.last, limit)
        width = self.last - self.first
        below = high - low
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = (below * (low + high) / 2.0 + (width - below) * limit) / width
        return np.where(width > 0, mean, low)

    def in_blocks(self, size: FloatArray) -> FloatArray:
        """Mean of x rounded up to whole blocks of `size` tokens, in closed form."""
        width = self.last - self.first
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = (_rounded_up(self.last, size) - _rounded_up(self.first, size)) / width
        return np.where(width > 0, mean, np.ceil(self.first / size) * size)

    def within_chunk(self, size: float) -> FloatArray:
        """Mean position inside chunks of so many tokens: of one long context, half a chunk."""
        width = self.last - self.first
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = (_chunked(self.last, size) - _chunked(self.first, size)) / width
        return np.where(width > 0, mean, np.where(self.first <= size, self.first, size / 2.0))


def _chunked(tokens: FloatArray, size: float) -> FloatArray:
    """∫₀ˣ (t mod size) dt."""
    whole = np.floor(tokens / size)
    return floats(whole * size**2 / 2.0 + (tokens - whole * size) ** 2 / 2.0)


def _rounded_up(tokens: FloatArray, size: FloatArray) -> FloatArray:
    """∫₀ˣ ⌈t/size⌉·size dt."""
    whole = np.floor(tokens / size)
    return floats(size**2 * whole * (whole + 1) / 2.0 + (tokens - whole * size) * (whole + 1) * size)


def seen_pairs(tokens: FloatArray, limit: float | None) -> FloatArray:
    """Pairs of a prompt's tokens and the tokens that each attends to, causal; at most `limit` of them."""
    if limit is None:
        return floats(tokens**2 / 2.0)
    inside = np.minimum(tokens, limit)
    return floats(inside * tokens - inside**2 / 2.0)
