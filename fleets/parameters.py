"""Parameter counts and KV-cache elements of an architecture, from its shape alone.

Norms, biases and routers are left out: together they stay below 0.1 % of every model in the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fleets.schema.architectures import Architecture


@dataclass(frozen=True)
class ParameterCounts:
    """Matrix parameters of one model, by part; all figures are parameters of all layers together."""

    attention: int
    """Projections of queries, keys, values and output."""
    routed_experts: int
    """All routed experts of all mixture layers; 0 for a dense model."""
    shared_experts: int
    """Experts that every token visits."""
    dense_feed_forward: int
    """Feed-forward blocks without experts: all of a dense model, the first layers of some mixtures."""
    input_embedding: int
    """Input embedding; 0 where it is the unembedding matrix (tied)."""
    unembedding: int
    """Output head; counted here when tied."""
    sparsity: float
    """s = E / E_a, share of routed experts that one token visits is 1/s."""

    @property
    def feed_forward(self) -> int:
        """Every feed-forward matrix, of which only the routed part is sparse."""
        return self.routed_experts + self.shared_experts + self.dense_feed_forward

    @property
    def feed_forward_active(self) -> float:
        """Feed-forward parameters that one token passes: routed/s + shared + dense."""
        return self.routed_experts / self.sparsity + self.shared_experts + self.dense_feed_forward

    @property
    def embedding(self) -> int:
        """Embedding matrices that are stored: two, or one when tied."""
        return self.input_embedding + self.unembedding

    @property
    def total(self) -> int:
        """All parameters: what the weights occupy."""
        return self.attention + self.feed_forward + self.embedding

    @property
    def active(self) -> float:
        """Parameters per token, every stored embedding matrix included (convention of the paper)."""
        return self.attention + self.feed_forward_active + self.embedding

    @property
    def active_multiplied(self) -> float:
        """Parameters per token that are multiplied: the input embedding is a look-up and does not count."""
        return self.attention + self.feed_forward_active + self.unembedding


def count(
    architecture: Architecture, mla_projections: Literal["combined", "separate"] = "separate"
) -> ParameterCounts:
    """Parameter counts of an architecture.

    GQA:  L·d_model·d_h·(2·n_q + 2·n_kv).
    MLA `separate` (DeepSeek-V2, arXiv 2405.04434, Eq. 37–47): d_model·c_q + c_q·n_q·(d_h + d_rope), or
    d_model·n_q·(d_h + d_rope) without query rank; d_model·(c_kv + d_rope); c_kv·n_q·(d_h + d_v);
    n_q·d_v·d_model.
    MLA `combined`: as the public code of arXiv 2506.04645 counts it, d_model·(c_q + 2·c_kv) for the
    compressions (keys and values each have one), no rotary part.
    Feed-forward: matrices·d_model·d_ff per block and expert.
    """
    ff = architecture.feed_forward
    block = (ff.input_matrices + ff.output_matrices) * architecture.d_model
    mixture_layers = architecture.layers - ff.dense_layers if architecture.is_mixture else 0
    dense_layers = architecture.layers - mixture_layers
    dense_d_ff = ff.dense_d_ff if architecture.is_mixture and ff.dense_d_ff is not None else ff.d_ff
    matrix = architecture.vocabulary * architecture.d_model
    return ParameterCounts(
        attention=architecture.layers * attention_per_layer(architecture, mla_projections),
        routed_experts=mixture_layers * ff.experts * block * ff.d_ff,
        shared_experts=mixture_layers * ff.shared_experts * block * (ff.shared_d_ff or ff.d_ff),
        dense_feed_forward=dense_layers * block * dense_d_ff,
        input_embedding=0 if architecture.tied_embeddings else matrix,
        unembedding=matrix,
        sparsity=architecture.sparsity,
    )


def attention_per_layer(
    architecture: Architecture, mla_projections: Literal["combined", "separate"] = "separate"
) -> int:
    """Attention parameters of one layer; formulas in `count`."""
    attention, d_model = architecture.attention, architecture.d_model
    n_q, d_h = attention.query_heads, attention.head_dim
    if attention.kind == "gqa":
        return d_model * d_h * 2 * (n_q + attention.kv_heads)
    c_kv, d_v = attention.kv_rank or 0, attention.value_dim or d_h
    c_q, rope = attention.query_rank, attention.rope_dim
    if mla_projections == "combined":
        rope, kv_compression = 0, 2 * d_model * c_kv
    else:
        kv_compression = d_model * (c_kv + rope)
    query = (d_model if c_q is None else c_q) * n_q * (d_h + rope) + (0 if c_q is None else d_model * c_q)
    return query + kv_compression + c_kv * n_q * (d_h + d_v) + n_q * d_v * d_model


def kv_elements_per_token(architecture: Architecture) -> int:
    """KV-cache elements that one token adds over all layers, windows ignored.

    GQA: 2·n_kv·d_h·L; MLA: (c_kv + d_rope)·L, one latent vector for all heads.
    """
    attention = architecture.attention
    if attention.kind == "mla":
        return architecture.layers * ((attention.kv_rank or 0) + attention.rope_dim)
    return architecture.layers * 2 * attention.kv_heads * attention.head_dim
