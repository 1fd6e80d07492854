"""Channel mixers as matrices: all matrices of a block are taken as d_model × d_ff, as the paper does (P4)."""

from __future__ import annotations

from fleets.schema.assumptions import Choices
from fleets.schema.blocks import Dense, Experts
from formulations.physics.blocks.kernel import NORM, Kernel, Matrix, Small

ACTIVATION = Small("activation")
ROUTING = (Small("selection"), Small("permutation"), Small("weighted sum"))


def dense_kernels(block: Dense, d_model: int) -> tuple[Kernel, ...]:
    """Of one dense block: gate and up together, activation, down."""
    matrix = Matrix(d_model, block.d_ff, block.matrices, launches=2)
    return (NORM, matrix, ACTIVATION)


def shared_kernels(block: Experts, d_model: int, choices: Choices) -> tuple[Kernel, ...]:
    """What every token passes of a mixture: the router (which the paper's code leaves out), shared experts, which run
    beside the routed ones, and the projections around latent experts; every rank has router and projections."""
    found: list[Kernel] = []
    if choices.mla_projections == "separate":
        found.append(Matrix(block.experts + block.zero_experts, d_model, replicated=True))
    if block.shared_experts:
        found.append(
            Matrix(
                d_model, block.shared_d_ff or block.d_ff, block.shared_experts * block.matrices, launches=0
            )
        )
    if block.latent_dim:
        found.append(Matrix(d_model, block.latent_dim, 2, replicated=True, launches=2))
    return (NORM, *found, *ROUTING)


def expert_kernels(block: Experts, d_model: int) -> tuple[Kernel, ...]:
    """Of all routed experts: grouped multiplications, activation between them."""
    inside = block.latent_dim or d_model
    return (Matrix(inside, block.d_ff, block.experts * block.matrices, launches=2), ACTIVATION)
