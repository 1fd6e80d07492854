"""KV cache: bytes that a sequence keeps and bytes that a step reads and writes, summed over the blocks, copies included.

The two differ: a window keeps what it reads, an indexer keeps all and reads the best, and a recurrent state is read and
written, twice what is kept.
"""

from __future__ import annotations

import numpy as np

from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import Choices
from formulations.physics.arrays import FloatArray, Numbers, floats
from formulations.physics.blocks import token_mixers
from formulations.physics.context import Context
from formulations.physics.layout import Layout


def cache_elements_per_token(architecture: Architecture) -> float:
    """Elements that one more token of a short sequence adds over all layers, at one byte each."""
    one = floats(1.0)
    return float(sum(count * mixer.held(one, Context.of(1.0)) for count, mixer in token_mixers(architecture)))


def cache_copies(choices: Choices, layout: Layout, heads: int) -> FloatArray:
    """How often the ranks of an instance hold the same cache; 1 with perfect sharding.

    With `kv_heads`, T/f tensor ranks share so many heads (a latent vector is one): max(1, T/(f·heads)) copies.
    """
    ranks = layout.attention_ranks
    if choices.kv_sharding == "perfect":
        return np.ones_like(ranks)
    if choices.attention_scaledown == "idle_projections":
        ranks = layout.stage_ranks  # idle ranks idle during projections only
    return np.maximum(1.0, ranks / heads)


def cache_held(
    architecture: Architecture,
    choices: Choices,
    layout: Layout,
    kv_bytes: Numbers,
    context: Numbers | Context,
    states: Numbers = 1.0,
) -> FloatArray:
    """Bytes that one sequence of `context` tokens (the mean of a range) keeps on all ranks together, copies included.

    Uneven pipeline stages count as if all were the longest. `kv_bytes` is bytes per element, `states` how many recurrent
    states a sequence has (one more for each drafted token); all arguments broadcast.
    """
    context, total = Context.of(context), np.zeros(())
    for count, mixer in token_mixers(architecture):
        held = mixer.held(kv_bytes, context) + mixer.state() * floats(states)
        total = total + count * held * cache_copies(choices, layout, mixer.cache_heads)
    return floats(total * layout.longest_stage(architecture.depth))


def cache_moved(
    architecture: Architecture,
    choices: Choices,
    layout: Layout,
    kv_bytes: Numbers,
    context: Numbers | Context,
) -> FloatArray:
    """Bytes that a step reads and writes for one sequence on all ranks together; arguments as in `cache_held`."""
    context, total = Context.of(context), np.zeros(())
    for count, mixer in token_mixers(architecture):
        moved = mixer.moved(kv_bytes, context)
        total = total + count * moved * cache_copies(choices, layout, mixer.cache_heads)
    return floats(total * layout.longest_stage(architecture.depth))
