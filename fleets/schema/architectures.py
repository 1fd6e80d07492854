"""Architectures: the shape of a Transformer, all that the physics needs of a model."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fleets.schema.base import Count, FrozenModel, Name, Positive, Source

WeightPrecision = Literal["bf16", "fp8", "int8", "fp6", "fp4", "mxfp4", "nvfp4", "int4"]
KvPrecision = Literal["bf16", "fp8", "fp4"]


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

    @model_validator(mode="after")
    def _complete(self) -> Attention:
        if self.kind == "mla" and self.kv_rank is None:
            raise ValueError("latent attention (mla) needs kv_rank (kv_lora_rank in Hugging Face configs)")
        if (self.windowed_layers > 0) != (self.window_tokens is not None):
            raise ValueError("window_tokens and windowed_layers go together")
        return self


class FeedForward(FrozenModel):
    """Feed-forward block: dense, or a mixture of `experts` of which each token visits `active_experts`."""

    d_ff: Count
    """Inner size of the block, or of one routed expert."""
    input_matrices: Count
    """Matrices d_model to d_ff: 2 for gated blocks (SwiGLU), else 1."""
    output_matrices: Count = 1
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


class Architecture(FrozenModel):
    """A Transformer's shape."""

    name: Name
    aliases: tuple[str, ...] = ()
    """Other names: Hugging Face ids, names in measured tables."""
    paper_name: str | None = None
    """Name in the public code of arXiv 2506.04645, for its tables."""
    layers: Count
    d_model: Count
    vocabulary: Annotated[int, Field(ge=0, strict=True)]
    attention: Attention
    feed_forward: FeedForward
    tied_embeddings: bool = False
    """One matrix serves as input embedding and unembedding."""
    weight_precision: WeightPrecision = "bf16"
    """Precision of the published checkpoint; used where a point or config names none."""
    attention_weight_precision: WeightPrecision | None = None
    """Precision of the checkpoint's attention matrices where they are kept wider (gpt-oss: bf16)."""
    embedding_weight_precision: WeightPrecision | None = None
    """Precision of the checkpoint's embedding and unembedding where they are kept wider."""
    fp8_block_size: tuple[Count, Count] | None = None
    """Rows and columns of a matrix that share a scale in the published FP8 checkpoint (weight_block_size); null: scales
    by tensor or channel."""
    kv_precision: KvPrecision = "bf16"
    activation_bytes: Annotated[float, Field(gt=0, le=4, strict=True)] = 2.0
    """Bytes per activation on the wire and in memory traffic."""
    published_parameters: Positive | None = None
    """Total parameters as published; checked against the shape."""
    published_active_parameters: Positive | None = None
    sources: tuple[Source, ...] = ()
    note: str = ""

    @property
    def sparsity(self) -> float:
        """s = E / E_a, a real number; 1 for a dense model."""
        ff = self.feed_forward
        return ff.sparsity if ff.sparsity is not None else ff.experts / ff.active_experts

    @property
    def is_mixture(self) -> bool:
        return self.feed_forward.experts > 1

    @property
    def family(self) -> str:
        """What sets kinds of models apart in measurements: a dense block or a mixture, and latent attention."""
        block = "mixture" if self.is_mixture else "dense"
        return f"{block} with latent attention" if self.attention.kind == "mla" else block

    @model_validator(mode="after")
    def _layers_add_up(self) -> Architecture:
        if self.feed_forward.dense_layers > self.layers or self.attention.windowed_layers > self.layers:
            raise ValueError(f"{self.name}: more dense or windowed layers than the {self.layers} it has")
        return self
