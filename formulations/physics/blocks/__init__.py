"""Blocks: what each kind costs, one file per kind. Nothing outside this folder knows a block's name.

`token_mixers`, `dense_blocks` and `mixtures` are the blocks of an architecture with the number of layers that have them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from fleets.schema.architectures import Architecture
from fleets.schema.blocks import Dense, Experts
from formulations.physics.blocks.compressed_latent import CompressedLatentPhysics
from formulations.physics.blocks.gated_delta import GatedDeltaPhysics
from formulations.physics.blocks.gated_recurrence import GatedRecurrencePhysics
from formulations.physics.blocks.grouped_query import GroupedQueryPhysics
from formulations.physics.blocks.kimi_delta import KimiDeltaPhysics
from formulations.physics.blocks.latent import LatentPhysics
from formulations.physics.blocks.lightning import LightningPhysics
from formulations.physics.blocks.mamba1 import Mamba1Physics
from formulations.physics.blocks.mamba2 import Mamba2Physics
from formulations.physics.blocks.short_convolution import ShortConvolutionPhysics
from formulations.physics.blocks.token_mixer import TokenMixer

PHYSICS: dict[str, type[TokenMixer[Any]]] = {
    "gqa": GroupedQueryPhysics, "mla": LatentPhysics, "latent_mqa": CompressedLatentPhysics,
    "gated_delta": GatedDeltaPhysics, "kda": KimiDeltaPhysics, "mamba2": Mamba2Physics, "mamba1": Mamba1Physics,
    "lightning": LightningPhysics, "short_convolution": ShortConvolutionPhysics,
    "rg_lru": GatedRecurrencePhysics,
}  # fmt: skip


@lru_cache(maxsize=512)
def token_mixers(architecture: Architecture) -> tuple[tuple[int, TokenMixer[Any]], ...]:
    """Token mixers, each with its number of layers."""
    return tuple(
        (count, PHYSICS[block.mixer](block, architecture.d_model))
        for count, block in architecture.token_mixers
    )


@lru_cache(maxsize=512)
def dense_blocks(architecture: Architecture) -> tuple[tuple[int, Dense], ...]:
    """Dense feed-forward blocks."""
    return tuple((count, block) for count, block in architecture.stack if isinstance(block, Dense))


@lru_cache(maxsize=512)
def mixtures(architecture: Architecture) -> tuple[tuple[int, Experts], ...]:
    """Mixtures of experts."""
    return tuple((count, block) for count, block in architecture.stack if isinstance(block, Experts))
