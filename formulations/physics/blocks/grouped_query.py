"""Grouped-query attention (P7): queries in groups that share keys and values; windows, gates and block-sparse reading."""

from __future__ import annotations

from dataclasses import dataclass

from fleets.schema.assumptions import Choices
from fleets.schema.blocks import GroupedQuery
from formulations.physics.arrays import FloatArray, Numbers, floats
from formulations.physics.blocks.indexer import (
    index_bytes,
    index_flop,
    index_kernels,
    read_pairs,
    read_tokens,
)
from formulations.physics.blocks.kernel import ATTENTION, NORM, ROTARY, Kernel, Matrix
from formulations.physics.blocks.token_mixer import Split, TokenMixer
from formulations.physics.context import Context, seen_pairs


@dataclass(frozen=True)
class GroupedQueryPhysics(TokenMixer[GroupedQuery]):
    """2·H·(h + v) FLOP per token kept; KV·(h + v) elements of cache per token."""

    def kernels(self, choices: Choices) -> tuple[Kernel, ...]:
        """One matrix for queries (with a full gate twice), keys and values, and one for the output."""
        shape = self.block
        queries = shape.query_heads * shape.head_dim
        gate = {"none": 0, "heads": shape.query_heads, "full": shape.query_heads * shape.values}[
            shape.output_gate
        ]
        keys = 0 if shape.shares_cache else shape.kv_heads * shape.head_dim
        values = 0 if shape.shares_cache or shape.keys_are_values else shape.kv_heads * shape.values
        return (
            NORM,
            Matrix(queries + gate + keys + values, self.d_model),
            ROTARY,
            *index_kernels(shape.indexer, self.d_model, self.d_model, weighted=False),
            *ATTENTION,
            Matrix(self.d_model, shape.query_heads * shape.values),
        )

    def decode_flop(self, context: Context) -> FloatArray:
        return floats(self._per_pair * self._read(context))

    def rank_flop(self, context: Context) -> FloatArray:
        return index_flop(self.block.indexer, context.mean)

    def prompt_flop(self, tokens: FloatArray) -> FloatArray:
        return floats(self._per_pair * read_pairs(self.block.indexer, self.block.window, tokens))

    def prompt_rank_flop(self, tokens: FloatArray) -> FloatArray:
        return index_flop(self.block.indexer, seen_pairs(tokens, None))

    def held(self, kv_bytes: Numbers, context: Context) -> FloatArray:
        if self.block.shares_cache:
            return floats(0.0 * floats(kv_bytes) * context.first)
        kept = context.mean if self.block.window is None else context.at_most(self.block.window)
        return floats((self._elements * floats(kv_bytes) + index_bytes(self.block.indexer)) * kept)

    def moved(self, kv_bytes: Numbers, context: Context) -> FloatArray:
        index = index_bytes(self.block.indexer) * context.mean
        return floats(self._elements * floats(kv_bytes) * self._read(context) + index)

    def _read(self, context: Context) -> FloatArray:
        if self.block.window is not None and self.block.window_kind == "chunked":
            return context.within_chunk(self.block.window)
        return read_tokens(self.block.indexer, self.block.window, context)

    @property
    def _elements(self) -> float:
        return float(self.block.kv_heads * (self.block.head_dim + self.block.values))

    @property
    def _per_pair(self) -> float:
        return 2.0 * self.block.query_heads * (self.block.head_dim + self.block.values)

    @property
    def cache_heads(self) -> int:
        return self.block.kv_heads

    @property
    def words_in(self) -> float:
        shape = self.block
        return float(shape.query_heads * shape.head_dim + shape.kv_heads * (shape.head_dim + shape.values))

    @property
    def heads(self) -> tuple[tuple[str, int], ...]:
        return (("query heads", self.block.query_heads),)

    @property
    def copied_heads(self) -> tuple[tuple[str, int], ...]:
        return (("KV heads", self.block.kv_heads),)

    @property
    def outputs(self) -> tuple[Split, ...]:
        return (("queries", self.block.query_heads * self.block.head_dim),)

    @property
    def copied_outputs(self) -> tuple[tuple[str, int, int], ...]:
        return () if self.block.shares_cache else (("keys", self.block.kv_heads, self.block.head_dim),)

    @property
    def inputs(self) -> tuple[Split, ...]:
        return (("attention output", self.block.query_heads * self.block.values),)
