"""Traffic: bytes that all ranks together read and write for the weights of one forward pass.

An m×k matrix by n columns on `ranks` ranks in a tp1 × tp2 grid: tp1 = clip(√(m·ranks/k), 1, ranks), tp2 =
ranks/tp1, bytes = m·k·weight_bytes + (tp1·k + tp2·m)·n·activation_bytes (P4). The first term is read
once per step, the second grows with the tokens, so traffic is affine in the batch but for the share of
experts touched.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import Choices
from formulations.physics.arrays import FloatArray, Numbers, floats
from formulations.physics.blocks.kernel import Matrix
from formulations.physics.experts import routed_experts
from formulations.physics.layout import Layout
from formulations.physics.precision import kept_bytes
from formulations.physics.shape import shape


@dataclass(frozen=True)
class Traffic:
    """Bytes of one forward pass of all layers, by what they grow with; n is the tokens in flight."""

    attention_weights: FloatArray
    """Read by every pass; times the attention scale-down where several groups read them."""
    dense_weights: FloatArray
    """Read by every pass: dense layers and shared experts; once by each data-parallel engine."""
    head_weights: FloatArray
    """Read by every pass, outside the layers: unembedding; once by each data-parallel engine."""
    expert_weights: FloatArray
    """Times W(n): all routed experts that ranks hold."""
    per_token: FloatArray
    """Activations per token in flight."""
    expert_per_token: FloatArray
    """Times W(n)·n: activations that the paper's code scales with the touched share."""


def activation_words(matrix: Matrix, ranks: FloatArray) -> FloatArray:
    """tp1·k + tp2·m: activations read and written per column by all ranks, times the copies of the matrix; ranks·(k + m)
    where each holds all of it."""
    if matrix.replicated:
        return floats(matrix.copies * ranks * (matrix.columns + matrix.rows))
    first = np.clip(np.sqrt(matrix.rows * ranks / matrix.columns), 1.0, ranks)
    return floats(matrix.copies * (first * matrix.columns + ranks / first * matrix.rows))


def traffic(architecture: Architecture, choices: Choices, layout: Layout, weight_bytes: Numbers) -> Traffic:
    """Bytes by growth for `layout` (any shape) and `weight_bytes` per weight (broadcasts); see `Traffic`.

    Attention on f times fewer ranks is read by f groups or leaves (f−1)/f of the ranks idle; either way its
    bytes count f times against the bandwidth of all ranks. Data-parallel groups split the tokens, idle
    ranks do not. Copies of redundant experts are touched as often as their originals (the safe side).
    """
    parts = shape(architecture, choices)
    weight, activation = floats(weight_bytes), architecture.activation_bytes
    streams = architecture.residual_streams
    attention_weight = kept_bytes(weight, architecture.attention_weight_precision)
    wider = kept_bytes(weight, architecture.embedding_weight_precision) - weight
    dense_weight = kept_bytes(weight, architecture.dense_weight_precision)
    split_attention = sum(m.parameters for m in parts.attention) - parts.replicated_attention
    split_dense = parts.dense_parameters - parts.replicated_dense
    scaledown, engines = layout.attention_scaledown, layout.engines(choices)
    attention_words = _words(parts.attention, layout.attention_ranks)
    if choices.attention_scaledown != "data_parallel":
        attention_words = attention_words * scaledown
    dense_words = _words(parts.dense, layout.stage_ranks / engines)
    experts = routed_experts(architecture)
    per_expert = _words(parts.experts, layout.expert_ranks(experts))
    expert_words = per_expert / parts.sparsity  # each expert sees n/s of n tokens
    routed = choices.moe_activation_traffic == "routed"
    return Traffic(
        attention_weights=attention_weight
        * (split_attention * scaledown + parts.replicated_attention * layout.stage_ranks),
        dense_weights=dense_weight * (split_dense * engines + parts.replicated_dense * layout.stage_ranks),
        head_weights=(weight + wider) * parts.unembedding * engines,
        expert_weights=kept_bytes(weight, architecture.expert_weight_precision)
        * parts.expert_parameters
        * layout.held_experts(experts),
        per_token=streams * activation * (attention_words + dense_words + (expert_words if routed else 0.0)),
        expert_per_token=activation * (0.0 if routed else 1.0) * expert_words,
    )


def _words(matrices: tuple[Matrix, ...], ranks: FloatArray) -> FloatArray:
    return sum((activation_words(matrix, ranks) for matrix in matrices), np.zeros_like(ranks))
