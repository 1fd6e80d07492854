"""Assumption sets: the constants and the modelling choices that turn a data sheet into seconds.

No constant of this kind is a literal in code. A set is a named, versioned YAML file: `erdil-2025` is the
paper, `default` the recommended choices; fitted sets carry their data and their error.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fleets.schema.base import Fraction, FrozenModel, Name, Source

NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Protocol(FrozenModel):
    """One protocol of a collective library; its time is affine in the message.

    latency = base + k·((ranks/nodes − 1)·rank + log2(nodes)·node), k = 2 for an all-reduce, 1 otherwise.
    """

    name: str
    base_us: NonNegative
    rank_us: NonNegative
    node_us: NonNegative
    efficiency: Fraction
    """Share of the link's bandwidth that the protocol delivers."""


class Collectives(FrozenModel):
    """A collective library on switched links, and the peer-to-peer kind on a torus."""

    protocols: tuple[Protocol, ...] = Field(min_length=1)
    torus_hop_us: NonNegative = 1.0
    """Torus: latency per rank, k·(ranks − 1) hops."""


class AcceleratorConstants(FrozenModel):
    """What one accelerator sustains."""

    sustained_compute_fraction: Fraction
    """Share of peak FLOP/s in matrix multiplications."""
    sustained_bandwidth_fraction: Fraction
    """Share of peak memory bandwidth."""
    kernel_launch_latency_us: NonNegative
    """Host and device time per serial matrix multiplication."""
    collectives: Collectives | None = None
    """Collective library of this accelerator where it differs from the set's."""


class ToyModel(FrozenModel):
    """Collectives of the paper's section 2.2: rank·max(√N − 1, 0) + base per all-reduce."""

    rank_us: NonNegative = 2.0
    base_us: NonNegative = 6.0


class Choices(FrozenModel):
    """Modelling choices on which the paper's text, its code and good practice differ (docs/physics.md)."""

    link_overlap: Literal["max", "sum"]
    """Transfers inside and between nodes overlap (the slower counts) or follow one another."""
    kv_capacity: Literal["micro_batch", "whole_batch"]
    """KV cache that must fit with pipeline parallelism."""
    speculation_memory: Literal["ignored", "joint"]
    """Whether the draft model's weights and KV cache must fit beside the target's."""
    speculation_convention: Literal["no_bonus", "bonus"]
    """`no_bonus`: γ drafted, γ verified, (1−α^γ)/(1−α) tokens; `bonus`: γ+1 verified, (1−α^(γ+1))/(1−α)."""
    kv_sharding: Literal["perfect", "kv_heads"]
    """`kv_heads`: tensor ranks beyond the KV heads hold copies of the KV cache."""
    attention_scaledown: Literal["idle_projections", "data_parallel", "none"]
    """Attention on fewer ranks than the feed-forward block: `idle_projections`, the rest idles during
    projections but not while reading KV (the paper's code); `data_parallel`, groups of ranks attend to
    their own sequences; `none`."""
    arithmetic_rate: Literal["weight_bits", "widest_operand"]
    """Which tensor-core rate a matrix multiplication gets."""
    embedding: Literal["twice", "unembedding"]
    """Embedding parameters in FLOP and reads: both matrices, or only the unembedding."""
    mla_projections: Literal["combined", "separate"]
    """MLA projections as the paper's two combined matrices, or the five of the architecture."""
    moe_output_reduce: Literal["per_active_expert", "local_sum"]
    """Words of the feed-forward all-reduce: each expert's output, or their local sum."""
    moe_activation_traffic: Literal["touched_share", "routed"]
    """Activation traffic of experts scaled by the touched share (the paper's code) or by routed tokens."""
    expert_parallel: Literal["from_two_per_expert", "optimised"]
    """Expert parallelism where its step time is minimised: forced on from two sequences per expert and off
    below (the paper's code), or whichever is faster. A plan's options have it on or off either way."""
    all_to_all_span: Literal["active_experts", "expert_group"]
    """Nodes that the all-to-all crosses."""
    point_to_point: Literal["inter_node_double_rate", "actual_link"]
    """Pipeline hops: always between nodes at twice the link rate, or over the link that is there."""
    kernels_per_layer: Literal["four", "by_layout"]
    """Serial matrix multiplications per layer: always four, or two with parallel attention."""


class AssumptionSet(FrozenModel):
    """A named set of assumptions."""

    name: Name
    version: Annotated[str, Field(min_length=1)]
    description: str
    choices: Choices
    collectives: Collectives
    toy: ToyModel = ToyModel()
    usable_hbm_fraction: Fraction
    """Share of HBM for weights and KV cache; the rest is activations and runtime."""
    default_accelerator: AcceleratorConstants
    accelerators: dict[str, AcceleratorConstants] = Field(default_factory=dict)
    """Constants by accelerator where they differ from the default."""
    prefill_compute_fraction: Fraction | None = None
    """Share of peak FLOP/s while processing prompts; null: as sustained_compute_fraction."""
    sources: tuple[Source, ...] = ()

    def constants(self, accelerator: str) -> AcceleratorConstants:
        """The constants of an accelerator, by catalogue name."""
        return self.accelerators.get(accelerator, self.default_accelerator)

    def collectives_of(self, accelerator: str) -> Collectives:
        """The collective library of an accelerator, by catalogue name: its own, or the set's."""
        return self.constants(accelerator).collectives or self.collectives
