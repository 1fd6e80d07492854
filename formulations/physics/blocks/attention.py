"""What kinds of attention share: their indexer, which every rank runs, and a cache that grows with the context."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TypeVar

from fleets.schema.blocks import CompressedLatent, GroupedQuery, Latent
from formulations.physics.arrays import FloatArray, Numbers, floats
from formulations.physics.blocks.indexer import index_bytes, index_flop, reach_of
from formulations.physics.blocks.token_mixer import Split, TokenMixer
from formulations.physics.context import Context, seen_pairs

Indexed = TypeVar("Indexed", bound=GroupedQuery | Latent | CompressedLatent)
Headed = TypeVar("Headed", bound=GroupedQuery | Latent)


@dataclass(frozen=True)
class IndexedAttention(TokenMixer[Indexed]):
    """Attention that may have an indexer."""

    @property
    def entry_tokens(self) -> int:
        """Tokens that one entry of the index stands for."""
        return 1

    def rank_flop(self, context: Context) -> FloatArray:
        return index_flop(self.block.indexer, context.mean / self.entry_tokens)

    def prompt_rank_flop(self, tokens: FloatArray) -> FloatArray:
        return index_flop(self.block.indexer, seen_pairs(tokens, None) / self.entry_tokens)

    @property
    def heads(self) -> tuple[tuple[str, int], ...]:
        return (("query heads", self.block.query_heads),)


@dataclass(frozen=True)
class Attention(IndexedAttention[Headed]):
    """Attention over every token kept, by heads with values of their own."""

    @abstractmethod
    def token_bytes(self, kv_bytes: Numbers) -> FloatArray:
        """Bytes of cache per token, without index keys."""

    @property
    @abstractmethod
    def decode_flop_per_token(self) -> float:
        """FLOP of a decoded token for each token that it reads."""

    @property
    @abstractmethod
    def prompt_flop_per_pair(self) -> float:
        """FLOP of a prompt for each pair of tokens."""

    @property
    def reach(self) -> int | None:
        """Tokens that it reads at the most; None: all."""
        return reach_of(self.block.indexer, self.block.window)

    def read(self, context: Context) -> FloatArray:
        """Tokens that a decoded token reads."""
        return context.at_most(self.reach)

    def decode_flop(self, context: Context) -> FloatArray:
        return floats(self.decode_flop_per_token * self.read(context))

    def prompt_flop(self, tokens: FloatArray) -> FloatArray:
        return floats(self.prompt_flop_per_pair * seen_pairs(tokens, self.reach))

    def held(self, kv_bytes: Numbers, context: Context) -> FloatArray:
        kept = context.at_most(self.block.window)
        return floats((self.token_bytes(kv_bytes) + index_bytes(self.block.indexer)) * kept)

    def moved(self, kv_bytes: Numbers, context: Context) -> FloatArray:
        index = index_bytes(self.block.indexer) * context.mean
        return floats(self.token_bytes(kv_bytes) * self.read(context) + index)

    @property
    def inputs(self) -> tuple[Split, ...]:
        return (("attention output", self.block.query_heads * self.block.values),)
