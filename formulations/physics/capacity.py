"""Capacity: what the HBM of an instance must hold, and the largest batch that fits (P19; copies and reserve: ours)."""

from __future__ import annotations

import numpy as np

from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import AssumptionSet, Choices
from formulations.physics.arrays import FloatArray, Numbers, floats
from formulations.physics.experts import routed_experts
from formulations.physics.layout import Layout
from formulations.physics.precision import kept_bytes
from formulations.physics.reserve import Room
from formulations.physics.shape import shape
from formulations.physics.stored_weights import StoredWeights

SIXTEEN_BITS = 2.0
"""Bytes per parameter of encoders, which quantisers leave alone."""


def weight_bytes_total(
    architecture: Architecture,
    choices: Choices,
    layout: Layout,
    weight_bytes: Numbers,
    stored: StoredWeights | None = None,
) -> FloatArray:
    """Bytes of all weights on all ranks together, as if each were as full as the fullest.

    Every attention group of a data-parallel layout holds its own attention, every data-parallel engine also its own dense
    layers, shared experts and embeddings; redundant experts count. Whole pipeline stages hold ⌈L/PP⌉ layers and one of
    both embedding matrices each, as the first and the last may (ours). `stored` says what an engine stores otherwise:
    experts padded, parts kept in 16 bits; None: nothing. What every rank
    holds (replicated matrices) counts for each; encoders and looked-up tables count, in memory alone.
    """
    parts, weight = shape(architecture, choices), floats(weight_bytes)
    engines = layout.engines(choices)
    attention_bytes = kept_bytes(weight, architecture.attention_weight_precision)
    embedding_bytes = kept_bytes(weight, architecture.embedding_weight_precision)
    padded = floats(1.0)
    if stored is not None:
        attention_bytes = np.maximum(attention_bytes, np.where(stored.wide_attention, 2.0, 0.0))
        embedding_bytes = np.maximum(embedding_bytes, np.where(stored.wide_embedding, 2.0, 0.0))
        padded = 1.0 + stored.expert_padding
    dense_bytes = kept_bytes(weight, architecture.dense_weight_precision)
    expert_bytes = kept_bytes(weight, architecture.expert_weight_precision)
    experts = (
        expert_bytes * parts.expert_parameters * layout.held_experts(routed_experts(architecture)) * padded
    )
    embeddings = floats(parts.stored_embedding)
    if layout.whole:
        embeddings = np.where(layout.pipeline > 1, layout.pipeline * parts.unembedding, embeddings)
    each, again = layout.schedulers(choices), layout.stage_ranks
    split_attention = parts.attention_parameters - parts.replicated_attention
    split_dense = parts.dense_parameters - parts.replicated_dense
    attention = attention_bytes * (split_attention * each + parts.replicated_attention * again)
    dense = dense_bytes * (split_dense * engines + parts.replicated_dense * again)
    beside = SIXTEEN_BITS * architecture.encoder_parameters + embedding_bytes * architecture.lookup_parameters
    ends = embedding_bytes * embeddings * engines + beside * engines
    return floats(layout.longest_stage(architecture.depth) * (attention + dense + experts) + ends)


def batch_capacity(
    room: Room,
    assumptions: AssumptionSet,
    layout: Layout,
    weights: Numbers,
    cache_bytes: Numbers,
) -> FloatArray:
    """Largest real batch whose KV cache fits: (N·HBM·usable − weights)/KV; inf without a KV cache, 0 if weights
    overflow.

    `room` is what an engine leaves (`reserve.room`); `weights` and `cache_bytes` are bytes on all ranks
    together, draft included where the set says so (`speculation_memory`). With `kv_capacity: micro_batch` only b/PP
    sequences need room, so the batch is PP times that.
    """
    free, cache = room.free(layout, weights), floats(cache_bytes)
    resident = (
        layout.pipeline if assumptions.choices.kv_capacity == "micro_batch" else np.ones_like(layout.pipeline)
    )
    free, cache, resident = np.broadcast_arrays(free, cache, resident)
    with np.errstate(divide="ignore", invalid="ignore"):
        batch = np.where(cache > 0, resident * free / cache, np.inf)
    return np.where(free < 0, 0.0, batch)


def fits(
    room: Room,
    assumptions: AssumptionSet,
    layout: Layout,
    weights: Numbers,
    cache_bytes: Numbers,
    batch: Numbers,
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Whether `batch` fits in memory and the pipeline has neither more stages than ranks nor than sequences."""
    batch = floats(batch)
    resident = batch / layout.pipeline if assumptions.choices.kv_capacity == "micro_batch" else batch
    enough = room.free(layout, weights) >= floats(cache_bytes) * resident
    return enough & (layout.pipeline <= np.minimum(layout.accelerators, batch))
