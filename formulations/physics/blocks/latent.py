"""Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, Eq. 37–47), with the indexer of DeepSeek-V3.2.

Decode attends in the latent space, 2·H·(2k + r) FLOP per token kept; prompts at the heads' full sizes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fleets.schema.assumptions import Choices
from fleets.schema.blocks import Latent
from formulations.physics.arrays import FloatArray, Numbers, floats
from formulations.physics.blocks.attention import Attention
from formulations.physics.blocks.indexer import index_kernels
from formulations.physics.blocks.kernel import ATTENTION, NORM, ROTARY, Kernel, Matrix
from formulations.physics.blocks.token_mixer import Split

SCALED = 128
"""Elements of a latent vector that share a scale."""


@dataclass(frozen=True)
class LatentPhysics(Attention[Latent]):
    """k + r elements of cache per token, one vector for all heads."""

    def kernels(self, choices: Choices) -> tuple[Kernel, ...]:
        """Five matrices, of which every rank has both down-projections; keys and values are absorbed, one kernel each.
        Under `mla_projections: combined` the three of the paper's code."""
        shape, width = self.block, self.d_model
        heads, rank, query_rank = shape.query_heads, shape.kv_rank, shape.query_rank or 0
        if choices.mla_projections == "combined":
            return (
                Matrix(rank + query_rank, width),
                Matrix((heads + 2 * shape.kv_heads) * shape.head_dim, rank + query_rank),
                *ATTENTION,
                Matrix(width, heads * shape.head_dim),
            )
        key = shape.head_dim + shape.rope_dim
        query = (
            (Matrix(query_rank, width, replicated=True), NORM, Matrix(heads * key, query_rank))
            if query_rank
            else (NORM, Matrix(heads * key, width, launches=2))
        )
        return (
            NORM,
            *query,
            Matrix(rank + shape.rope_dim, width, replicated=True, launches=0),
            ROTARY,
            *index_kernels(shape.indexer, width, query_rank or width, weighted=True),
            Matrix(heads * (shape.head_dim + shape.values), rank, launches=2),
            *ATTENTION,
            *((Matrix(shape.gates, width, launches=0),) if shape.gates else ()),
            Matrix(width, heads * shape.values),
        )

    def parameters(self, choices: Choices) -> float:
        """Of the matrices; the paper's combined ones count the latent down-projection for keys and for values."""
        shape = self.block
        if choices.mla_projections == "separate":
            return super().parameters(choices)
        heads = shape.query_heads * shape.head_dim
        return float(
            (shape.query_rank or 0) * (self.d_model + heads)
            + 2 * shape.kv_rank * (self.d_model + shape.kv_heads * shape.head_dim)
            + self.d_model * heads
        )

    @property
    def decode_flop_per_token(self) -> float:
        return 2.0 * self.block.query_heads * (2 * self.block.kv_rank + self.block.rope_dim)

    @property
    def prompt_flop_per_pair(self) -> float:
        shape = self.block
        return 2.0 * shape.query_heads * (shape.head_dim + shape.rope_dim + shape.values)

    def token_bytes(self, kv_bytes: Numbers) -> FloatArray:
        """Bytes per token: k + r elements; in 8 bits before an indexer, k with a 32-bit scale for each 128, and r in 16
        bits (656 in DeepSeek-V3.2 under vLLM and SGLang)."""
        rank, rope, element = self.block.kv_rank, self.block.rope_dim, floats(kv_bytes)
        plain = (rank + rope) * element
        if self.block.indexer is None:
            return floats(plain)
        return floats(np.where(element == 1.0, rank + rank / SCALED * 4.0 + 2.0 * rope, plain))

    @property
    def cache_heads(self) -> int:
        return 1

    @property
    def words_in(self) -> float:
        """As the paper's code counts them."""
        return float((self.block.query_heads + 2 * self.block.kv_heads) * self.block.head_dim)

    @property
    def outputs(self) -> tuple[Split, ...]:
        shape = self.block
        return (
            ("queries", shape.query_heads * (shape.head_dim + shape.rope_dim)),
            ("keys and values", shape.query_heads * (shape.head_dim + shape.values)),
        )
