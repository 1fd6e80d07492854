"""Channel mixers as matrices: all matrices of a block are taken as d_model × d_ff, as the paper does (P4)."""

from __future__ import annotations

from fleets.schema.assumptions import Choices
from fleets.schema.blocks import Dense, Experts
from formulations.physics.blocks.matrix import Matrix

DENSE_KERNELS = 4
"""Norm, gate and up, activation, down."""
ROUTING_KERNELS = 4
"""Router, selection, permutation, weighted sum."""
LATENT_KERNELS = 2
"""The projections into the experts' size and back."""


def dense_matrices(block: Dense, d_model: int) -> tuple[Matrix, ...]:
    """Of one dense block."""
    return (Matrix(d_model, block.d_ff, block.input_matrices + block.output_matrices),)


def shared_matrices(block: Experts, d_model: int, choices: Choices) -> tuple[Matrix, ...]:
    """What every token passes of a mixture: shared experts, the router (which the paper's code leaves out), and the
    projections around latent experts; every rank has the last two."""
    matrices = block.input_matrices + block.output_matrices
    found = []
    if block.shared_experts:
        found.append(Matrix(d_model, block.shared_d_ff or block.d_ff, block.shared_experts * matrices))
    if choices.mla_projections == "separate":
        found.append(Matrix(block.experts + block.zero_experts, d_model, replicated=True))
    if block.latent_dim:
        found.append(Matrix(d_model, block.latent_dim, 2, replicated=True))
    return tuple(found)


def expert_matrices(block: Experts, d_model: int) -> tuple[Matrix, ...]:
    """Of all routed experts."""
    matrices = block.input_matrices + block.output_matrices
    return (Matrix(block.latent_dim or d_model, block.d_ff, block.experts * matrices),)


def kernels(block: Dense | Experts) -> int:
    """Serial kernels of one block."""
    if isinstance(block, Dense):
        return DENSE_KERNELS
    return DENSE_KERNELS + ROUTING_KERNELS + (LATENT_KERNELS if block.latent_dim else 0)
