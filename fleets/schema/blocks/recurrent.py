"""Recurrent token mixers: a state of constant size per sequence instead of a cache that grows."""

from __future__ import annotations

from typing import ClassVar, Literal

from fleets.schema.base import Count
from fleets.schema.blocks.base import Block, StatePrecision, WholeNumber


class Recurrent(Block):
    """What recurrent mixers share."""

    mixes: ClassVar[Literal["tokens", "channels"]] = "tokens"
    recurrent: ClassVar[bool] = True
    state_precision: StatePrecision = "fp32"


class GatedDelta(Recurrent):
    """Gated delta net (Qwen3-Next, Qwen3.5)."""

    mixer: Literal["gated_delta"] = "gated_delta"
    key_heads: Count
    value_heads: Count
    key_dim: Count
    value_dim: Count
    convolution: Count = 4
    """Taps of the short convolution of queries, keys and values."""


class KimiDelta(Recurrent):
    """Kimi delta attention (Kimi-Linear): a gate per channel."""

    mixer: Literal["kda"] = "kda"
    heads: Count
    head_dim: Count
    convolution: Count = 4
    gate_rank: Count | None = None
    """Low rank of both gates; null: head_dim."""
    full_gates: Literal["none", "output", "both"] = "none"
    """Gates that are full matrices: the output's (Kimi-K3), or the decay's as well (Ling-3.0)."""


class Mamba2(Recurrent):
    """Mamba-2 (Nemotron-3, Granite-4, Falcon-H1)."""

    mixer: Literal["mamba2"] = "mamba2"
    heads: Count
    head_dim: Count
    groups: Count = 1
    state: Count
    """Size of the state per channel."""
    convolution: Count = 4


class Mamba1(Recurrent):
    """Mamba-1 (Jamba)."""

    mixer: Literal["mamba1"] = "mamba1"
    inner: Count
    """Channels of the block."""
    state: Count
    step_rank: Count
    """Low rank of the step sizes (dt_rank)."""
    convolution: Count = 4


class Lightning(Recurrent):
    """Lightning attention (MiniMax-Text-01): linear attention with a decay per head."""

    mixer: Literal["lightning"] = "lightning"
    heads: Count
    head_dim: Count
    kv_heads: Count | None = None
    """Key and value heads; null: as many as heads."""
    gate: WholeNumber = 1
    """Output gates as wide as the heads together."""


class ShortConvolution(Recurrent):
    """Gated short convolution (LFM2)."""

    mixer: Literal["short_convolution"] = "short_convolution"
    width: Count | None = None
    """Channels; null: d_model."""
    convolution: Count = 3
    """Taps."""
    state_precision: StatePrecision = "bf16"


class GatedRecurrence(Recurrent):
    """Real-gated linear recurrence (RecurrentGemma)."""

    mixer: Literal["rg_lru"] = "rg_lru"
    heads: Count
    """Blocks of the gates."""
    width: Count | None = None
    """Channels; null: d_model."""
    convolution: Count = 4
