"""Hybrid cache: how an engine pages recurrent states beside a KV cache, in whole blocks of one size (vLLM).

All layers share one page size, so a block of the KV cache is made as large as a recurrent state:

    B = u·⌈P/(u·t)⌉ tokens,   P bytes of one layer's state, t bytes of one layer's cache per token, both of one rank.

A sequence holds ⌈c/B⌉ blocks for each attention layer and s + γ states for each recurrent one, a state as large as a
block; kinds of layers come in groups of g, the last one filled up. A prefix is found again in whole blocks. Engines that
do not page so, and models without recurrent layers, hold what `kv_cache.py` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import AssumptionSet
from fleets.schema.engines import StatePages
from formulations.physics.arrays import FloatArray, Numbers, floats
from formulations.physics.blocks import token_mixers
from formulations.physics.blocks.token_mixer import TokenMixer
from formulations.physics.context import Context
from formulations.physics.engine import engine_of
from formulations.physics.kv_cache import cache_copies, cache_held
from formulations.physics.layout import Layout

Mixers = Sequence[tuple[int, TokenMixer[Any]]]
FILL = 1.5
"""Groups are as large as the largest kind where that has fewer than so many times the layers of the smallest."""


def sequence_held(
    architecture: Architecture,
    assumptions: AssumptionSet,
    layout: Layout,
    kv_bytes: Numbers,
    context: Numbers | Context,
    drafted: Numbers = 0.0,
) -> FloatArray:
    """Bytes that one sequence keeps on all ranks together, as the engine of a set keeps them; each of γ `drafted` tokens
    has a recurrent state of its own. Arguments broadcast; see `kv_cache.cache_held`."""
    choices, context, drafted = assumptions.choices, Context.of(context), floats(drafted)
    pages = _pages(architecture, assumptions)
    if pages is None:
        return cache_held(architecture, choices, layout, kv_bytes, context, 1.0 + drafted)
    caching, recurrent = _kinds(architecture)
    block = _block(architecture, pages, assumptions, layout, kv_bytes)
    per_token = _per_token(caching, assumptions, layout, kv_bytes)
    group = _group([count for count, _ in caching] + [sum(count for count, _ in recurrent)])
    cached = sum(_filled(count, group) for count, _ in caching) * context.in_blocks(block)
    states = _filled(sum(count for count, _ in recurrent), group) * (pages.states + drafted) * block
    return floats((cached + states) * per_token * layout.longest_stage(architecture.depth))


def reused_tokens(
    architecture: Architecture,
    assumptions: AssumptionSet,
    layout: Layout,
    kv_bytes: Numbers,
    tokens: Numbers,
) -> FloatArray:
    """Tokens of a prefix that is in the cache which a prompt need not process again: whole blocks of a hybrid's."""
    pages, tokens = _pages(architecture, assumptions), floats(tokens)
    if pages is None:
        return tokens
    block = _block(architecture, pages, assumptions, layout, kv_bytes)
    return floats(np.floor(tokens / block) * block)


def _pages(architecture: Architecture, assumptions: AssumptionSet) -> StatePages | None:
    """How the set's engine pages this model's states; None where it does not, or there are none beside a cache."""
    engine = engine_of(assumptions)
    caching, recurrent = _kinds(architecture)
    return engine.state_pages if engine is not None and caching and recurrent else None


def _kinds(architecture: Architecture) -> tuple[Mixers, Mixers]:
    """Token mixers with a cache that grows, and recurrent ones."""
    mixers = token_mixers(architecture)
    return (
        [entry for entry in mixers if not entry[1].block.recurrent],
        [entry for entry in mixers if entry[1].block.recurrent],
    )


def _block(
    architecture: Architecture,
    pages: StatePages,
    assumptions: AssumptionSet,
    layout: Layout,
    kv_bytes: Numbers,
) -> FloatArray:
    """B, tokens of one block."""
    caching, recurrent = _kinds(architecture)
    copies = [cache_copies(assumptions.choices, layout, mixer.cache_heads) for _, mixer in recurrent]
    state = np.max([mixer.state() * c for (_, mixer), c in zip(recurrent, copies, strict=True)], axis=0)
    per_token = _per_token(caching, assumptions, layout, kv_bytes)
    return floats(pages.unit_tokens * np.ceil(state / (pages.unit_tokens * per_token)))


def _per_token(caching: Mixers, assumptions: AssumptionSet, layout: Layout, kv_bytes: Numbers) -> FloatArray:
    """Bytes of one layer's cache per token, on all ranks together; of the largest kind."""
    one = Context.of(1.0)
    sizes = [
        mixer.held(kv_bytes, one) * cache_copies(assumptions.choices, layout, mixer.cache_heads)
        for _, mixer in caching
    ]
    return floats(np.maximum.reduce(np.broadcast_arrays(*sizes)))


def _group(counts: list[int]) -> int:
    """g, layers of one group."""
    return max(counts) if max(counts) < FILL * min(counts) else min(counts)


def _filled(count: int, group: int) -> int:
    return -(-count // group) * group
