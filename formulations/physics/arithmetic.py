"""Arithmetic: floating-point operations per token of decode and of a prompt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import Choices
from formulations.physics.arrays import FloatArray, Numbers, floats
from formulations.physics.kv_cache import cached_tokens
from formulations.physics.layout import Layout
from formulations.physics.shape import shape


@dataclass(frozen=True)
class Flop:
    """FLOP per token, by the arithmetic rate that they run at."""

    matrices: FloatArray
    """Of the layers."""
    head: FloatArray
    """Of embeddings, outside the layers, at the rate of matrices."""
    attention: FloatArray


def decode_flop(architecture: Architecture, choices: Choices, layout: Layout, context: Numbers) -> Flop:
    """FLOP of one token at `context` (P7): 2·active + 4·n_q·d_h·(tokens kept, over layers); broadcasts.

    MLA attends in the latent space: 2·n_q·(2·c_kv + rope) instead of 4·n_q·d_h. With idle projections the
    projections (attention and embedding) count f times, since only 1 of f ranks works on them.
    """
    parts = shape(architecture, choices)
    idle = layout.attention_scaledown if choices.attention_scaledown == "idle_projections" else floats(1.0)
    return Flop(
        matrices=2 * parts.active_feed_forward + idle * 2 * parts.attention_parameters,
        head=idle * 2 * parts.arithmetic_embedding,
        attention=_per_cached_token(architecture) * cached_tokens(architecture, context),
    )


def prompt_flop(architecture: Architecture, choices: Choices, input_tokens: Numbers) -> Flop:
    """FLOP of a whole prompt (docs/physics.md): 2·active·ℓ + 2·L·n_q·d_h·ℓ², causal; windows cut the square.

    Prompts are attended without MLA's latent trick, so its heads count at their full key and value sizes.
    """
    parts, attention, tokens = shape(architecture, choices), architecture.attention, floats(input_tokens)
    full = architecture.layers - attention.windowed_layers
    pairs = full * tokens**2 / 2
    if attention.window_tokens is not None:
        inside = np.minimum(tokens, attention.window_tokens)
        pairs = pairs + attention.windowed_layers * (inside * tokens - inside**2 / 2)
    key = attention.head_dim + (attention.rope_dim if attention.kind == "mla" else 0)
    value = attention.value_dim or attention.head_dim
    return Flop(
        matrices=2 * (parts.active_parameters - parts.arithmetic_embedding) * tokens,
        head=2 * parts.arithmetic_embedding * tokens,
        attention=2 * attention.query_heads * (key + value) * pairs,
    )


def _per_cached_token(architecture: Architecture) -> float:
    """FLOP of one query token against one kept token of one layer."""
    attention = architecture.attention
    if attention.kind == "mla":
        return 2.0 * attention.query_heads * (2 * (attention.kv_rank or 0) + attention.rope_dim)
    return 4.0 * attention.query_heads * attention.head_dim
