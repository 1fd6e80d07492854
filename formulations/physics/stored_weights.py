"""What an engine stores otherwise than the matrices say: experts padded to its kernels' tiles, parts kept in 16 bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import AssumptionSet
from fleets.schema.engines import Padding
from formulations.physics.arrays import BoolArray, FloatArray, floats
from formulations.physics.engine import engine_of
from formulations.physics.layout import Layout


@dataclass(frozen=True)
class StoredWeights:
    """By kind; shapes broadcast with the layout's."""

    expert_padding: FloatArray
    """Bytes that padding adds, over those of the routed experts."""
    wide_attention: BoolArray
    """Attention matrices are held in 16 bits."""
    wide_embedding: BoolArray


def stored_weights(
    architecture: Architecture, assumptions: AssumptionSet, layout: Layout, precisions: Sequence[str]
) -> StoredWeights | None:
    """What the engine of a set stores for K weight precisions, one for all or one for each row of a layout (K, …).

    None: as the matrices say.

    Padding: every rank rounds its own width of d_ff up, and d_model, to multiples of `expert_padding`.
    """
    engine = engine_of(assumptions)
    if engine is None:
        return None
    keeps = [engine.sixteen_bit.get(name, ()) for name in precisions]  # type: ignore[call-overload]
    padding = [engine.expert_padding.get(name, Padding()) for name in precisions]  # type: ignore[call-overload]
    column = () if len(precisions) == 1 else (len(precisions), *[1] * max(0, len(layout.shape) - 1))
    tile = np.array([rule.d_ff for rule in padding], dtype=float).reshape(column)
    width = np.array([rule.d_model for rule in padding], dtype=float).reshape(column)
    added = floats(0.0)
    block = architecture.experts
    if block is not None:
        inside = float(block.latent_dim or architecture.d_model)
        own = block.d_ff / layout.expert_ranks(block.experts)
        wider = np.ceil(own / tile - 1e-9) * tile / own
        wider = np.where(tile > 1, wider, 1.0)
        added = wider * (np.ceil(inside / width) * width / inside) - 1.0
    return StoredWeights(
        floats(added),
        np.array(["attention" in parts for parts in keeps]).reshape(column),
        np.array(["embedding" in parts for parts in keeps]).reshape(column),
    )
