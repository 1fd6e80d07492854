"""Blocks of a layer by the name of their mixer: token mixers and channel mixers, one class for each kind."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fleets.schema.blocks.attention import CompressedLatent, GroupedQuery, Latent
from fleets.schema.blocks.base import Block, Indexer
from fleets.schema.blocks.channel import Dense, Experts
from fleets.schema.blocks.recurrent import (
    GatedDelta,
    GatedRecurrence,
    KimiDelta,
    Lightning,
    Mamba1,
    Mamba2,
    ShortConvolution,
)

AnyBlock = Annotated[
    GroupedQuery
    | Latent
    | CompressedLatent
    | GatedDelta
    | KimiDelta
    | Mamba2
    | Mamba1
    | Lightning
    | ShortConvolution
    | GatedRecurrence
    | Dense
    | Experts,
    Field(discriminator="mixer"),
]
"""One block; `mixer` says which kind it is."""
Layer = tuple[Block, ...]
"""Blocks of one layer, in the order in which a token passes them."""

__all__ = [
    "AnyBlock",
    "Block",
    "CompressedLatent",
    "Dense",
    "Experts",
    "GatedDelta",
    "GatedRecurrence",
    "GroupedQuery",
    "Indexer",
    "KimiDelta",
    "Latent",
    "Layer",
    "Lightning",
    "Mamba1",
    "Mamba2",
    "ShortConvolution",
]
