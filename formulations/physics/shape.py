"""Shape: an architecture as the matrices that a forward pass multiplies, and their parameter counts.

A choice can change the count: the paper's code merges MLA's projections, and counts both embeddings as
arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import Choices


@dataclass(frozen=True)
class Matrix:
    """`copies` matrices of `rows` × `columns` (output × input) in the whole model."""

    rows: float
    columns: float
    copies: float = 1.0

    @property
    def parameters(self) -> float:
        return self.rows * self.columns * self.copies


@dataclass(frozen=True)
class Shape:
    """Matrices by the way they are split and read. Counts are of the whole model."""

    layers: int
    attention: tuple[Matrix, ...]
    dense: tuple[Matrix, ...]
    """Feed-forward blocks that every token visits: dense layers and shared experts."""
    experts: tuple[Matrix, ...]
    """Routed experts; empty for a dense model."""
    expert_layers: int
    dense_layers: int
    sparsity: float
    """s = E/E_a."""
    attention_parameters: float
    """Of projections, for FLOP and memory; differs from the matrices under `mla_projections: combined`."""
    unembedding: float
    """V · d_model."""
    arithmetic_embedding: float
    """Embedding parameters that count as FLOP."""
    stored_embedding: float
    """Embedding parameters in memory."""

    @property
    def dense_parameters(self) -> float:
        return sum(matrix.parameters for matrix in self.dense)

    @property
    def expert_parameters(self) -> float:
        return sum(matrix.parameters for matrix in self.experts)

    @property
    def active_feed_forward(self) -> float:
        """Feed-forward parameters that one token multiplies with."""
        return self.dense_parameters + self.expert_parameters / self.sparsity

    @property
    def total_parameters(self) -> float:
        """Parameters that memory must hold once."""
        return (
            self.attention_parameters + self.dense_parameters + self.expert_parameters + self.stored_embedding
        )

    @property
    def active_parameters(self) -> float:
        """Parameters that one token multiplies with (2 FLOP each)."""
        return self.attention_parameters + self.active_feed_forward + self.arithmetic_embedding


@lru_cache(maxsize=512)
def shape(architecture: Architecture, choices: Choices) -> Shape:
    """The matrices of `architecture` under `choices`."""
    attention = _attention(architecture, choices)
    dense, experts = _feed_forward(architecture)
    unembedding = float(architecture.vocabulary * architecture.d_model)
    both = 2 * unembedding
    paper = choices.embedding == "twice"
    return Shape(
        layers=architecture.layers,
        attention=attention,
        dense=dense,
        experts=experts,
        expert_layers=architecture.layers - architecture.feed_forward.dense_layers if experts else 0,
        dense_layers=architecture.feed_forward.dense_layers if experts else architecture.layers,
        sparsity=architecture.sparsity,
        attention_parameters=_attention_parameters(architecture, choices, attention),
        unembedding=unembedding,
        arithmetic_embedding=both if paper else unembedding,
        stored_embedding=unembedding if architecture.tied_embeddings and not paper else both,
    )


def _attention(architecture: Architecture, choices: Choices) -> tuple[Matrix, ...]:
    a, d_model, layers = architecture.attention, architecture.d_model, architecture.layers
    if a.kind == "gqa":
        qkv = (a.query_heads + 2 * a.kv_heads) * a.head_dim
        return (Matrix(qkv, d_model, layers), Matrix(d_model, a.query_heads * a.head_dim, layers))
    kv_rank, query_rank, value_dim = a.kv_rank or 0, a.query_rank or 0, a.value_dim or a.head_dim
    if choices.mla_projections == "combined":
        latent = kv_rank + query_rank
        heads = (a.query_heads + 2 * a.kv_heads) * a.head_dim
        return (
            Matrix(latent, d_model, layers),
            Matrix(heads, latent, layers),
            Matrix(d_model, a.query_heads * a.head_dim, layers),
        )
    key_dim = a.head_dim + a.rope_dim
    query = (
        (Matrix(query_rank, d_model, layers), Matrix(a.query_heads * key_dim, query_rank, layers))
        if query_rank
        else (Matrix(a.query_heads * key_dim, d_model, layers),)
    )
    return (
        *query,
        Matrix(kv_rank + a.rope_dim, d_model, layers),
        Matrix(a.query_heads * (a.head_dim + value_dim), kv_rank, layers),
        Matrix(d_model, a.query_heads * value_dim, layers),
    )


def _attention_parameters(
    architecture: Architecture, choices: Choices, matrices: tuple[Matrix, ...]
) -> float:
    """Of the matrices; the paper's combined MLA counts the true ones, the latent down-projection for K and for V."""
    a = architecture.attention
    if a.kind == "gqa" or choices.mla_projections == "separate":
        return sum(matrix.parameters for matrix in matrices)
    kv_rank, query_rank, heads = a.kv_rank or 0, a.query_rank or 0, a.query_heads * a.head_dim
    per_layer = (
        query_rank * (architecture.d_model + heads)
        + 2 * kv_rank * (architecture.d_model + a.kv_heads * a.head_dim)
        + architecture.d_model * heads
    )
    return float(per_layer * architecture.layers)


def _feed_forward(architecture: Architecture) -> tuple[tuple[Matrix, ...], tuple[Matrix, ...]]:
    """(dense blocks, routed experts); all matrices of a block are taken as d_model × d_ff, as the paper does (P4)."""
    ff, d_model, layers = architecture.feed_forward, architecture.d_model, architecture.layers
    matrices = ff.input_matrices + ff.output_matrices
    if not architecture.is_mixture:
        return (Matrix(d_model, ff.d_ff, layers * matrices),), ()
    routed = layers - ff.dense_layers
    dense = []
    if ff.dense_layers:
        dense.append(Matrix(d_model, ff.dense_d_ff or ff.d_ff, ff.dense_layers * matrices))
    if ff.shared_experts:
        dense.append(Matrix(d_model, ff.shared_d_ff or ff.d_ff, routed * ff.shared_experts * matrices))
    return tuple(dense), (Matrix(d_model, ff.d_ff, routed * ff.experts * matrices),)
