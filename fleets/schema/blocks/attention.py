"""Attention over a cache of the tokens before: grouped queries, latent vectors, compressed latent vectors."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from fleets.schema.base import Count
from fleets.schema.blocks.base import Block, Indexer, WholeNumber


class Attention(Block):
    """What grouped-query and latent attention share."""

    mixes: ClassVar[Literal["tokens", "channels"]] = "tokens"
    query_heads: Count
    kv_heads: Count
    head_dim: Count
    """Size of one query and key head."""
    value_dim: Count | None = None
    """Size of one value head; null: head_dim."""
    output_gate: Literal["none", "heads", "full"] = "none"
    """A gate on the output: one number per head, or one per element (Qwen3-Next: q_proj is twice as wide)."""
    window: Count | None = None
    """Tokens that the layer sees; null: all."""
    indexer: Indexer | None = None

    @property
    def values(self) -> int:
        """Size of one value head."""
        return self.value_dim or self.head_dim

    @property
    def gates(self) -> int:
        """Elements of the gate on the output."""
        return {"none": 0, "heads": self.query_heads, "full": self.query_heads * self.values}[
            self.output_gate
        ]

    @property
    def best(self) -> str:
        """How many tokens an indexer chooses, for tables."""
        return "" if self.indexer is None else f", best {self.indexer.top_tokens}"


class GroupedQuery(Attention):
    """Grouped-query attention; multi-head and multi-query are its ends."""

    mixer: Literal["gqa"] = "gqa"
    window_kind: Literal["sliding", "chunked"] = "sliding"
    """`chunked`: tokens see their own chunk, half of it on average (Llama 4)."""
    keys_are_values: bool = False
    """No value matrix; the cache still holds both."""
    shares_cache: bool = False
    """Reads the cache of an earlier layer: no key and value matrices, nothing held (Gemma-3n)."""

    @property
    def summary(self) -> str:
        """Query and KV heads, and what it sees."""
        seen = "" if self.window is None else f", {self.window_kind} {self.window}"
        return f"{self.query_heads}/{self.kv_heads} heads{seen}{self.best}"


class Latent(Attention):
    """Multi-head latent attention (MLA), with an indexer in DeepSeek-V3.2 and GLM-5."""

    latent: ClassVar[bool] = True
    mixer: Literal["mla"] = "mla"
    kv_heads: Count = 1
    """Of the paper's combined matrices alone."""
    head_dim: Count
    """Size of a key head without its rotary part (128 in DeepSeek-V3)."""
    rope_dim: WholeNumber = 0
    """Rotary part of a key, kept once per token and layer beside the latent vector (64)."""
    kv_rank: Count
    """Latent vector of keys and values, kept per token and layer (512)."""
    query_rank: Count | None = None
    """Latent query vector (1,536); null: queries are projected directly."""

    @property
    def summary(self) -> str:
        """The latent vector, and what is read."""
        return f"latent {self.kv_rank}{self.best}"


class CompressedLatent(Block):
    """One latent key that is its own value, for all heads; beyond a window, compressed (DeepSeek-V4)."""

    mixes: ClassVar[Literal["tokens", "channels"]] = "tokens"
    latent: ClassVar[bool] = True
    mixer: Literal["latent_mqa"] = "latent_mqa"
    query_heads: Count
    head_dim: Count
    query_rank: Count
    output_groups: Count
    """Groups of heads whose outputs are projected down apart."""
    output_rank: Count
    """Size of one group's projected output."""
    window: Count
    """Last tokens, seen as they are."""
    compression: Count | None = None
    """Tokens that one compressed entry stands for; null: nothing beyond the window."""
    overlapping: bool = False
    """Entries overlap: twice the compressor (compressed sparse attention)."""
    indexer: Indexer | None = None
    cache_bytes: Annotated[float, Field(gt=0, le=1e6, strict=True)] = 584.0
    """Bytes of one entry, in 8 bits with a rotary part in 16 (vLLM)."""

    @model_validator(mode="after")
    def _indexes_what_is_compressed(self) -> CompressedLatent:
        if self.indexer is not None and self.compression is None:
            raise ValueError("an indexer chooses among compressed entries: give compression")
        return self

    @property
    def summary(self) -> str:
        """Window and compression."""
        beyond = "" if self.compression is None else f", 1 of {self.compression}"
        best = "" if self.indexer is None else f", best {self.indexer.top_tokens}"
        return f"latent {self.head_dim}, sliding {self.window}{beyond}{best}"
