"""Arithmetic: floating-point operations per token of decode and of a prompt, summed over the blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import Choices
from formulations.physics.arrays import FloatArray, Numbers, floats
from formulations.physics.blocks import token_mixers
from formulations.physics.context import Context
from formulations.physics.layout import Layout
from formulations.physics.shape import Shape, shape


@dataclass(frozen=True)
class Flop:
    """FLOP per token, by the arithmetic rate that they run at."""

    matrices: FloatArray
    """Of the layers."""
    head: FloatArray
    """Of embeddings, outside the layers, at the rate of matrices."""
    attention: FloatArray


def decode_flop(
    architecture: Architecture, choices: Choices, layout: Layout, context: Numbers | Context
) -> Flop:
    """FLOP of one token at `context` (P7): 2·active + what its token mixers do with what they keep; broadcasts.

    With idle projections the projections (token mixers and embedding) count f times, since only 1 of f ranks works on
    them. What every rank does for itself (replicated matrices, indexers) counts once for each rank of a group.
    """
    parts, context = shape(architecture, choices), Context.of(context)
    idle = layout.attention_scaledown if choices.attention_scaledown == "idle_projections" else floats(1.0)
    attention = np.zeros(())
    for count, mixer in token_mixers(architecture):
        attention = attention + count * mixer.decode_flop(context)
        attention = attention + count * mixer.rank_flop(context) * layout.attention_ranks
    return Flop(
        matrices=2 * parts.active_feed_forward
        + idle * 2 * parts.attention_parameters
        + _again(parts, layout, choices),
        head=idle * 2 * parts.arithmetic_embedding,
        attention=attention,
    )


def prompt_flop(architecture: Architecture, choices: Choices, layout: Layout, input_tokens: Numbers) -> Flop:
    """FLOP of a whole prompt (docs/physics.md): 2·active·ℓ + what its token mixers do, causal; windows cut the square."""
    parts, tokens = shape(architecture, choices), floats(input_tokens)
    attention = np.zeros(())
    for count, mixer in token_mixers(architecture):
        attention = attention + count * mixer.prompt_flop(tokens)
        attention = attention + count * mixer.prompt_rank_flop(tokens) * layout.attention_ranks
    layers = 2 * (parts.active_parameters - parts.arithmetic_embedding)
    return Flop(
        matrices=(layers + _again(parts, layout, choices)) * tokens,
        head=2 * parts.arithmetic_embedding * tokens,
        attention=attention,
    )


def _again(parts: Shape, layout: Layout, choices: Choices) -> FloatArray:
    """FLOP per token that ranks of a group do beside the first one, on matrices that each of them holds."""
    if not parts.replicated_attention and not parts.replicated_dense:
        return floats(0.0)
    attention = parts.replicated_attention * (layout.attention_ranks - 1.0)
    dense = parts.replicated_dense * (layout.stage_ranks / layout.engines(choices) - 1.0)
    return floats(2.0 * (attention + dense))
