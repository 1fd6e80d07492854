"""KV cache: elements kept and bytes read per sequence, with sliding windows, MLA and copies beyond the KV heads."""

from __future__ import annotations

import numpy as np

from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import Choices
from formulations.physics.arrays import FloatArray, Numbers, floats
from formulations.physics.layout import Layout


def elements_per_token_and_layer(architecture: Architecture) -> int:
    """2·n_kv·d_h: keys and values of all KV heads; MLA keeps one latent vector and the rotary key for all heads."""
    attention = architecture.attention
    if attention.kind == "mla":
        return (attention.kv_rank or 0) + attention.rope_dim
    return 2 * attention.kv_heads * attention.head_dim


def cached_tokens(architecture: Architecture, context: Numbers) -> FloatArray:
    """Σ over layers of the tokens that a layer keeps of `context`: all, or its window."""
    attention, tokens = architecture.attention, floats(context)
    full = architecture.layers - attention.windowed_layers
    if attention.window_tokens is None:
        return full * tokens
    return floats(full * tokens + attention.windowed_layers * np.minimum(tokens, attention.window_tokens))


def kv_copies(architecture: Architecture, choices: Choices, layout: Layout) -> FloatArray:
    """How often the ranks of an instance hold the same KV cache; 1 with perfect sharding.

    With `kv_heads`, T/f tensor ranks share n_kv heads (MLA: one latent vector): max(1, T/(f·n_kv)) copies.
    """
    ranks = layout.attention_ranks
    if choices.kv_sharding == "perfect":
        return np.ones_like(ranks)
    if choices.attention_scaledown == "idle_projections":
        ranks = layout.stage_ranks  # idle ranks idle during projections only
    heads = 1 if architecture.attention.kind == "mla" else architecture.attention.kv_heads
    return np.maximum(1.0, ranks / heads)


def kv_bytes_per_sequence(
    architecture: Architecture, choices: Choices, layout: Layout, kv_bytes: Numbers, context: Numbers
) -> FloatArray:
    """Bytes of KV cache of one sequence of `context` tokens on all ranks together, copies included.

    The same bytes are held and, at every step, read; uneven pipeline stages count as if all were the longest. `kv_bytes`
    is bytes per element; all arguments broadcast.
    """
    per_copy = (
        elements_per_token_and_layer(architecture) * floats(kv_bytes) * cached_tokens(architecture, context)
    )
    return per_copy * kv_copies(architecture, choices, layout) * layout.longest_stage(architecture.layers)
