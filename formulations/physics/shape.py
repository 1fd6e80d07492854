"""Shape: an architecture as the matrices that a forward pass multiplies, summed over its blocks, and their parameters.

A choice can change the count: the paper's code merges MLA's projections, and counts both embeddings as
arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import Choices
from formulations.physics.blocks import dense_blocks, mixtures, token_mixers
from formulations.physics.blocks.feed_forward import dense_kernels, expert_kernels, shared_kernels
from formulations.physics.blocks.kernel import Matrix, matrices_of


@dataclass(frozen=True)
class Shape:
    """Matrices by the way they are split and read. Counts are of the whole model."""

    attention: tuple[Matrix, ...]
    """Of all token mixers."""
    dense: tuple[Matrix, ...]
    """Feed-forward blocks that every token visits: dense layers and shared experts."""
    experts: tuple[Matrix, ...]
    """Routed experts; empty for a dense model."""
    sparsity: float
    """s = E/E_a."""
    attention_parameters: float
    """Of token mixers, for FLOP and memory; differs from the matrices under `mla_projections: combined`."""
    unembedding: float
    """V · d_model."""
    arithmetic_embedding: float
    """Embedding parameters that count as FLOP."""
    stored_embedding: float
    """Embedding parameters in memory."""

    @property
    def dense_parameters(self) -> float:
        return _parameters(self.dense)

    @property
    def expert_parameters(self) -> float:
        return _parameters(self.experts)

    @property
    def replicated_attention(self) -> float:
        """Parameters of token mixers that every tensor rank holds."""
        return _parameters(matrix for matrix in self.attention if matrix.replicated)

    @property
    def replicated_dense(self) -> float:
        """The same of feed-forward blocks."""
        return _parameters(matrix for matrix in self.dense if matrix.replicated)

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
    width = architecture.d_model
    unembedding = float(architecture.vocabulary * width)
    both = 2 * unembedding
    paper = choices.embedding == "twice"
    mixers = token_mixers(architecture)
    dense = [(count, matrices_of(dense_kernels(block, width))) for count, block in dense_blocks(architecture)]
    dense += [
        (count, matrices_of(shared_kernels(block, width, choices))) for count, block in mixtures(architecture)
    ]
    return Shape(
        attention=_all((count, mixer.matrices(choices)) for count, mixer in mixers),
        dense=_all(dense),
        experts=_all(
            (count, matrices_of(expert_kernels(block, width))) for count, block in mixtures(architecture)
        ),
        sparsity=architecture.sparsity,
        attention_parameters=float(sum(count * mixer.parameters(choices) for count, mixer in mixers)),
        unembedding=unembedding,
        arithmetic_embedding=both if paper else unembedding,
        stored_embedding=unembedding if architecture.tied_embeddings and not paper else both,
    )


def _all(parts: Iterable[tuple[int, tuple[Matrix, ...]]]) -> tuple[Matrix, ...]:
    return tuple(matrix.times(count) for count, matrices in parts for matrix in matrices)


def _parameters(matrices: Iterable[Matrix]) -> float:
    return sum(matrix.parameters for matrix in matrices)
