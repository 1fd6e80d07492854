"""Compressed latent attention (DeepSeek-V4): one latent key-value vector for all heads, a window as it is and one entry
for every m tokens beyond it, all of them (HCA) or the best K (CSA)."""

from __future__ import annotations

from dataclasses import dataclass

from fleets.schema.assumptions import Choices
from fleets.schema.blocks import CompressedLatent
from formulations.physics.arrays import FloatArray, Numbers, floats
from formulations.physics.blocks.attention import IndexedAttention
from formulations.physics.blocks.indexer import index_bytes, index_kernels
from formulations.physics.blocks.kernel import ATTENTION, NORM, ROTARY, Kernel, Matrix, Small
from formulations.physics.blocks.token_mixer import Split
from formulations.physics.context import Context, seen_pairs


@dataclass(frozen=True)
class CompressedLatentPhysics(IndexedAttention[CompressedLatent]):
    """4·H·h FLOP per entry read; an entry has a size of its own, whatever precision the KV cache is asked in."""

    def kernels(self, choices: Choices) -> tuple[Kernel, ...]:
        """Queries in two steps, one key that is its value, compressors, the output in two steps."""
        shape, width = self.block, self.d_model
        heads, indexer = shape.query_heads * shape.head_dim, shape.indexer
        compressors = [shape.head_dim] if shape.compression is not None else []
        compressors += [indexer.dim] if indexer is not None and not indexer.shared else []
        return (
            NORM,
            Matrix(shape.query_rank, width, replicated=True),
            NORM,
            Matrix(heads, shape.query_rank),
            Matrix(shape.head_dim, width, replicated=True, launches=0),
            ROTARY,
            *(Matrix(2 * self._overlap * size, width, replicated=True, launches=0) for size in compressors),
            Small("compression"),
            *index_kernels(indexer, width, shape.query_rank, weighted=True, keyed=False),
            *ATTENTION,
            Matrix(shape.output_rank, heads),
            Matrix(width, shape.output_groups * shape.output_rank),
        )

    def decode_flop(self, context: Context) -> FloatArray:
        return floats(self._per_entry * self._entries(context))

    def prompt_flop(self, tokens: FloatArray) -> FloatArray:
        pairs = seen_pairs(tokens, self.block.window)
        if self.block.compression is not None:
            pairs = pairs + seen_pairs(tokens, self._reach) / self.block.compression
        return floats(self._per_entry * pairs)

    def held(self, kv_bytes: Numbers, context: Context) -> FloatArray:
        shape = self.block
        kept = shape.cache_bytes * context.at_most(shape.window)
        if shape.compression is not None:
            kept = kept + (shape.cache_bytes + index_bytes(shape.indexer)) * context.mean / shape.compression
        return floats(kept + 0.0 * floats(kv_bytes))

    def state(self) -> float:
        """Inputs of the compressors that wait for an entry to be full, in 32 bits."""
        shape = self.block
        if shape.compression is None:
            return 0.0
        return 4.0 * self._overlap**2 * shape.compression * shape.head_dim

    def moved(self, kv_bytes: Numbers, context: Context) -> FloatArray:
        shape = self.block
        read = shape.cache_bytes * self._entries(context)
        if shape.compression is not None:
            read = read + index_bytes(shape.indexer) * context.mean / shape.compression
        return floats(read + 0.0 * floats(kv_bytes))

    def _entries(self, context: Context) -> FloatArray:
        """min(c, w) + min(c/m, K)."""
        entries = context.at_most(self.block.window)
        if self.block.compression is None:
            return entries
        return entries + context.at_most(self._reach) / self.block.compression

    @property
    def entry_tokens(self) -> int:
        return self.block.compression or 1

    @property
    def _reach(self) -> float | None:
        """Tokens that the best K entries stand for."""
        return self.block.indexer.top_tokens * self.entry_tokens if self.block.indexer else None

    @property
    def _per_entry(self) -> float:
        return 4.0 * self.block.query_heads * self.block.head_dim

    @property
    def _overlap(self) -> int:
        return 2 if self.block.overlapping else 1

    @property
    def cache_heads(self) -> int:
        return 1

    @property
    def words_in(self) -> float:
        return float((self.block.query_heads + 1) * self.block.head_dim)

    @property
    def outputs(self) -> tuple[Split, ...]:
        return (("queries", self.block.query_heads * self.block.head_dim),)

    @property
    def inputs(self) -> tuple[Split, ...]:
        return (("attention output", self.block.output_groups * self.block.output_rank),)
