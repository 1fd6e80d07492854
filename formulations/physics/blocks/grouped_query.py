"""Grouped-query attention (P7): queries in groups that share keys and values; windows, gates and block-sparse reading."""

from __future__ import annotations

from dataclasses import dataclass

from fleets.schema.assumptions import Choices
from fleets.schema.blocks import GroupedQuery
from formulations.physics.arrays import FloatArray, Numbers, floats
from formulations.physics.blocks.attention import Attention
from formulations.physics.blocks.indexer import index_kernels
from formulations.physics.blocks.kernel import ATTENTION, NORM, ROTARY, Kernel, Matrix
from formulations.physics.blocks.token_mixer import Split
from formulations.physics.context import Context


@dataclass(frozen=True)
class GroupedQueryPhysics(Attention[GroupedQuery]):
    """2·H·(h + v) FLOP per token kept; KV·(h + v) elements of cache per token."""

    def kernels(self, choices: Choices) -> tuple[Kernel, ...]:
        """One matrix for queries (with a full gate twice), keys and values, and one for the output."""
        shape = self.block
        queries = shape.query_heads * shape.head_dim
        keys = 0 if shape.shares_cache else shape.kv_heads * shape.head_dim
        values = 0 if shape.shares_cache or shape.keys_are_values else shape.kv_heads * shape.values
        return (
            NORM,
            Matrix(queries + shape.gates + keys + values, self.d_model),
            ROTARY,
            *index_kernels(shape.indexer, self.d_model, self.d_model, weighted=False),
            *ATTENTION,
            Matrix(self.d_model, shape.query_heads * shape.values),
        )

    def held(self, kv_bytes: Numbers, context: Context) -> FloatArray:
        held = super().held(kv_bytes, context)
        return 0.0 * held if self.block.shares_cache else held

    def read(self, context: Context) -> FloatArray:
        if self.block.window is not None and self.block.window_kind == "chunked":
            return context.within_chunk(self.block.window)
        return super().read(context)

    def token_bytes(self, kv_bytes: Numbers) -> FloatArray:
        return floats(self.block.kv_heads * (self.block.head_dim + self.block.values) * floats(kv_bytes))

    @property
    def decode_flop_per_token(self) -> float:
        return 2.0 * self.block.query_heads * (self.block.head_dim + self.block.values)

    @property
    def prompt_flop_per_pair(self) -> float:
        return self.decode_flop_per_token

    @property
    def cache_heads(self) -> int:
        return self.block.kv_heads

    @property
    def words_in(self) -> float:
        shape = self.block
        return float(shape.query_heads * shape.head_dim + shape.kv_heads * (shape.head_dim + shape.values))

    @property
    def copied_heads(self) -> tuple[tuple[str, int], ...]:
        return (("KV heads", self.block.kv_heads),)

    @property
    def outputs(self) -> tuple[Split, ...]:
        return (("queries", self.block.query_heads * self.block.head_dim),)

    @property
    def copied_outputs(self) -> tuple[tuple[str, int, int], ...]:
        return () if self.block.shares_cache else (("keys", self.block.kv_heads, self.block.head_dim),)
