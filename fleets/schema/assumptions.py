"""Assumption sets: the constants and the modelling choices that turn a data sheet into seconds.

No constant of this kind is a literal in code. A set is a named, versioned YAML file: `erdil-2025` is the
paper, `default` the recommended choices; fitted sets carry their data and their error.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fleets.schema.accelerators import Arithmetic
from fleets.schema.base import Fraction, FrozenModel, Name, NonNegative, Source
from fleets.schema.fits import Fit


class Protocol(FrozenModel):
    """One protocol of a collective library; its time is affine in the message.

    latency = base + k·((ranks/nodes − 1)·rank + log2(nodes)·node), k = 2 for an all-reduce, 1 otherwise.
    """

    name: str
    kind: Literal["ring", "shared_bus", "one_shot", "two_shot", "all_to_all"] = "ring"
    """`ring`: NCCL, any collective; `shared_bus`, the same over one host bridge (PCIe), where the ranks' bytes add up.
    All-reduce kernels of serving engines, inside one domain only: `one_shot`, every
    rank reads the whole message of every other rank; `two_shot`, reduce-scatter and all-gather. `all_to_all`: kernels
    that send tokens to their experts and back, over any links, and do nothing else."""
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
    """Share of peak memory bandwidth; of weights alone where kv_bandwidth_fraction is given."""
    kernel_launch_latency_us: NonNegative
    """Host and device time per serial kernel (`kernels_per_layer` says which count)."""
    kv_bandwidth_fraction: Fraction | None = None
    """Share of peak memory bandwidth of attention over the KV cache; null: as sustained_bandwidth_fraction."""
    compute_fractions: dict[Arithmetic, Fraction] = Field(default_factory=dict)
    """Share of peak FLOP/s by number format, where it is not sustained_compute_fraction."""
    half_rate_tokens: NonNegative = 0.0
    """Tokens per matrix multiplication at which a prompt's chunk reaches half of that share (Eq. ours: t/(t + half))."""
    collectives: Collectives | None = None
    """Collective library of this accelerator where it differs from the set's."""


class RequestConstants(FrozenModel):
    """What one request waits for outside the forward passes, in one serving engine."""

    request_ms: NonNegative = 0.0
    """From arrival to the scheduler and from the first token back to the client."""
    burst_share: Annotated[float, Field(ge=0, le=1, strict=True)] = 0.0
    """Share of the other running requests whose prompts are in front when one arrives, on average twice (a benchmark
    that keeps its concurrency fixed starts requests in bursts)."""


class Engine(FrozenModel):
    """What a serving engine adds to a step and to the first token, beyond the accelerator."""

    step_us: NonNegative = 0.0
    """Host time of a step that the accelerator does not hide."""
    sequence_us: NonNegative = 0.0
    """Host time per running sequence and step: scheduling, sampling, detokenising."""
    prompt_kernel_us: NonNegative = 0.0
    """Extra time per serial kernel of a pass that carries a prompt: launched one by one, not as a captured graph."""
    expert_factor: Annotated[float, Field(ge=1, le=10, strict=True)] = 1.0
    """Time of routed experts over that of evenly loaded dense matrices: uneven routing and grouped kernels."""
    chunk_tokens: Annotated[float, Field(ge=1, le=1e7, strict=True)] = 8192
    """Prompt tokens of one forward pass (chunked prefill)."""
    first_token_steps: NonNegative = 0.0
    """Decode steps that pass before a prompt is scheduled and after its pass, until its first token is out."""
    requests: RequestConstants = RequestConstants()
    requests_of: dict[str, RequestConstants] = Field(default_factory=dict)
    """The same by engine, where a set covers several."""


class ToyModel(FrozenModel):
    """Collectives of the paper's section 2.2: rank·max(√N − 1, 0) + base per all-reduce."""

    rank_us: NonNegative = 2.0
    base_us: NonNegative = 6.0


class ServingEngine(FrozenModel):
    """The engine whose memory and layout rules hold: an entry of the catalogue's engines, in one version."""

    name: Name
    version: Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+){0,3}$")] | None = None
    """The newest entry that is not newer is taken; null: the newest."""

    def __str__(self) -> str:
        return self.name if self.version is None else f"{self.name} {self.version}"


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
    """`combined`: the paper's two matrices of MLA, and no routers; `separate`: the five of the architecture and every
    router, down-projections and routers on every tensor rank, as engines have them."""
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
    kernels_per_layer: Literal["four", "by_layout", "counted"]
    """Serial matrix multiplications per layer: always four, or two with parallel attention; `counted`: all serial
    kernels that an engine launches (`formulations/physics/kernels.py`)."""


class AssumptionSet(FrozenModel):
    """A named set of assumptions."""

    name: Name
    version: Annotated[str, Field(min_length=1)]
    description: str
    choices: Choices
    collectives: Collectives
    collectives_by_accelerator: dict[str, Collectives] = Field(default_factory=dict)
    """Collective library by accelerator where it differs and nothing else does."""
    toy: ToyModel = ToyModel()
    usable_hbm_fraction: Fraction
    """Share of HBM for weights and KV cache; the rest is activations and runtime. Only without
    serving_engine."""
    serving_engine: ServingEngine | None = None
    """Engine whose reserve of memory and layout rules hold; null: usable_hbm_fraction alone, and no rules."""
    default_accelerator: AcceleratorConstants
    accelerators: dict[str, AcceleratorConstants] = Field(default_factory=dict)
    """Constants by accelerator where they differ from the default."""
    prefill_compute_fraction: Fraction | None = None
    """Share of peak FLOP/s while processing prompts; null: as sustained_compute_fraction."""
    engine: Engine = Engine()
    fit: Fit | None = None
    sources: tuple[Source, ...] = ()

    def constants(self, accelerator: str) -> AcceleratorConstants:
        """The constants of an accelerator, by catalogue name."""
        return self.accelerators.get(accelerator, self.default_accelerator)

    def collectives_of(self, accelerator: str) -> Collectives:
        """The collective library of an accelerator, by catalogue name: its own, or the set's."""
        own = self.constants(accelerator).collectives or self.collectives_by_accelerator.get(accelerator)
        return own or self.collectives
