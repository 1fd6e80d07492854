"""The short form of an architecture: one attention block and one feed-forward block for all layers, with exceptions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fleets.schema.base import Count, FrozenModel, Positive
from fleets.schema.blocks import Block, Dense, Experts, GroupedQuery, Latent

Counted = tuple[tuple[int, Block], ...]
"""Blocks, each with the number of layers that have it."""


class Attention(FrozenModel):
    """Grouped-query attention (multi-head and multi-query are its ends), or multi-head latent (MLA)."""

    kind: Literal["gqa", "mla"] = "gqa"
    query_heads: Count
    kv_heads: Count
    """Key/value heads; ignored by the KV cache of MLA, which keeps one latent vector for all heads."""
    head_dim: Count
    """Size of one query/key head; for MLA the part without rotary embedding (128 in DeepSeek-V3)."""
    kv_rank: Count | None = None
    """MLA: latent KV vector kept per token and layer (512)."""
    query_rank: Count | None = None
    """MLA: latent query vector (1,536); null where queries are projected directly."""
    rope_dim: Annotated[int, Field(ge=0, strict=True)] = 0
    """MLA: rotary part of a key, kept once per token and layer beside the latent vector (64)."""
    value_dim: Count | None = None
    """MLA: size of one value head; defaults to head_dim."""
    parallel: bool = False
    """Attention and feed-forward read the same input and share one reduction (PaLM, GPT-J)."""
    window_tokens: Count | None = None
    """Sliding or chunked attention: tokens that a windowed layer keeps."""
    windowed_layers: Annotated[int, Field(ge=0, strict=True)] = 0
    """How many layers are windowed."""
    window_kind: Literal["sliding", "chunked"] = "sliding"
    """`chunked`: tokens see their own chunk, half of it on average (Llama 4)."""

    @model_validator(mode="after")
    def _complete(self) -> Attention:
        if self.kind == "mla" and self.kv_rank is None:
            raise ValueError("latent attention (mla) needs kv_rank (kv_lora_rank in Hugging Face configs)")
        if (self.windowed_layers > 0) != (self.window_tokens is not None):
            raise ValueError("window_tokens and windowed_layers go together")
        return self

    def blocks(self, layers: int) -> Counted:
        """Its blocks in a model of so many layers."""
        block = self._block(None)
        if not self.windowed_layers:
            return ((layers, block),)
        windowed = (self.windowed_layers, self._block(self.window_tokens))
        return (windowed,) if self.windowed_layers == layers else ((layers - windowed[0], block), windowed)

    def _block(self, window: int | None) -> Block:
        if self.kind == "mla":
            return Latent(
                query_heads=self.query_heads, kv_heads=self.kv_heads, head_dim=self.head_dim, rope_dim=self.rope_dim,
                value_dim=self.value_dim, kv_rank=self.kv_rank or 1, query_rank=self.query_rank, window=window,
                parallel=self.parallel,
            )  # fmt: skip
        return GroupedQuery(
            query_heads=self.query_heads, kv_heads=self.kv_heads, head_dim=self.head_dim, value_dim=self.value_dim,
            window=window, window_kind=self.window_kind if window else "sliding", parallel=self.parallel,
        )  # fmt: skip


class FeedForward(FrozenModel):
    """Feed-forward block: dense, or a mixture of `experts` of which each token visits `active_experts`."""

    d_ff: Count
    """Inner size of the block, or of one routed expert."""
    input_matrices: Annotated[int, Field(ge=1, le=4, strict=True)]
    """Matrices d_model to d_ff: 2 for gated blocks (SwiGLU), else 1."""
    output_matrices: Annotated[int, Field(ge=1, le=4, strict=True)] = 1
    experts: Count = 1
    """Routed experts."""
    active_experts: Count = 1
    """Routed experts per token."""
    shared_experts: Annotated[int, Field(ge=0, strict=True)] = 0
    """Experts of size `shared_d_ff` that every token visits, beside the routed ones."""
    shared_d_ff: Count | None = None
    """Inner size of one shared expert; defaults to d_ff."""
    dense_layers: Annotated[int, Field(ge=0, strict=True)] = 0
    """Layers that have a dense block of `dense_d_ff` instead of experts."""
    dense_d_ff: Count | None = None
    sparsity: Positive | None = None
    """experts / active_experts, unless a source uses another figure (the paper's DeepSeek-V3: 28)."""

    @model_validator(mode="after")
    def _consistent(self) -> FeedForward:
        if self.active_experts > self.experts:
            raise ValueError(f"active_experts {self.active_experts} exceeds experts {self.experts}")
        if self.dense_layers and self.dense_d_ff is None:
            raise ValueError("dense_layers needs dense_d_ff (the inner size of those layers)")
        return self

    def blocks(self, layers: int) -> Counted:
        """Its blocks in a model of so many layers."""
        matrices = {"input_matrices": self.input_matrices, "output_matrices": self.output_matrices}
        if self.experts == 1:
            return ((layers, Dense(d_ff=self.d_ff, **matrices)),)
        experts = Experts(
            d_ff=self.d_ff, experts=self.experts, active_experts=self.active_experts, sparsity=self.sparsity,
            shared_experts=self.shared_experts, shared_d_ff=self.shared_d_ff, **matrices,
        )  # fmt: skip
        if not self.dense_layers:
            return ((layers, experts),)
        dense = Dense(d_ff=self.dense_d_ff or self.d_ff, **matrices)
        found = ((self.dense_layers, dense), (layers - self.dense_layers, experts))
        return tuple(entry for entry in found if entry[0])
