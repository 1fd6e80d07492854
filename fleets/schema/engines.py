"""Serving engines: what memory an engine keeps for itself and which splits it starts, by version, with sources."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fleets.schema.architectures import WeightPrecision
from fleets.schema.base import Count, Fraction, FrozenModel, Name, Source

NonNegative = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False, strict=True)]
Version = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+){0,3}$")]
Part = Literal["attention", "embedding"]


class Defaults(FrozenModel):
    """Settings that an engine starts with on a device of some size."""

    from_gib: NonNegative = 0.0
    """Reported memory from which they hold; of several the largest that is reached."""
    not_on: tuple[Name, ...] = ()
    """Accelerators of that size that get the next smaller row."""
    batched_tokens: Count
    """Tokens of one forward pass, at most (max_num_batched_tokens, chunked_prefill_size, max_num_tokens)."""
    max_num_seqs: Count | None = None
    """Sequences that run at once, at most; null: as many as memory holds."""
    graph_sequences: Annotated[int, Field(ge=0, strict=True)] = 0
    """Largest batch of a captured decode graph."""


class Padding(FrozenModel):
    """Routed experts are stored with widths rounded up to multiples of these, on every rank."""

    d_ff: Count = 1
    d_model: Count = 1


class Memory(FrozenModel):
    """Memory of one device that holds neither weights nor KV cache.

    reserve = runtime + parallel (several ranks) + rank·N + token·max(t, least_tokens) + graph·graph_sequences + graphs
              + peak,  at least `least_gib` on devices of `least_from_gib`;
    peak = max(forward, sampler) of a profile run (`formulations/physics/reserve.py`), 0 where both counts are 0.
    """

    share: Fraction = 1.0
    """Share of the device's memory that the engine may use."""
    share_of: Literal["total", "static", "free"] = "total"
    """What a share is of: `total`, of the device, the reserve comes off it; `static`, the same until the config gives a
    share, which then is weights and KV cache alone; `free`, of what weights and reserve leave."""
    context_gib: NonNegative = 0.0
    """What is gone before the engine takes its share: the driver's context; below, the same of several ranks' library."""
    context_parallel_gib: NonNegative = 0.0
    runtime_gib: NonNegative = 0.0
    parallel_gib: NonNegative = 0.0
    rank_gib: NonNegative = 0.0
    token_mib: NonNegative = 0.0
    least_tokens: Annotated[int, Field(ge=0, strict=True)] = 0
    graph_mib: NonNegative = 0.0
    """Per sequence of the largest captured decode graph."""
    graphs_gib: NonNegative = 0.0
    """Captured graphs that do not depend on it."""
    latent_graphs_gib: NonNegative | None = None
    """The same with multi-head latent attention; null: as others."""
    hidden_copies: NonNegative = 0.0
    """Vectors of d_model that a forward pass keeps per token, beside the widest block's own."""
    sampler_copies: NonNegative = 0.0
    """Copies of the 32-bit logits of all sequences while sampling."""
    least_gib: NonNegative = 0.0
    least_from_gib: NonNegative = 0.0


class LayoutRule(FrozenModel):
    """Widths that one rank must have in matrices of one precision, or the engine does not start."""

    precision: WeightPrecision
    multiple: Count | None = None
    """Rank widths must be multiples of it; null: of the checkpoint's own blocks (fp8_block_size), none without blocks."""
    output: bool = True
    """Holds for outputs that are split (queries, keys, gate, up)."""
    input: bool = True
    """Holds for inputs that are split (attention output, down)."""
    parts: tuple[Literal["attention", "dense", "experts"], ...] = ("attention", "dense", "experts")
    source: Source


class StatePages(FrozenModel):
    """Recurrent states in pages of the size of the KV cache's blocks."""

    unit_tokens: Count = 16
    """Blocks are multiples of it."""
    states: Count = 1
    """States that a sequence has beside those of drafted tokens: one more with prefix caching."""
    source: Source


class EngineVersion(FrozenModel):
    """An engine from one version on."""

    version: Version
    memory: Memory
    defaults: tuple[Defaults, ...] = Field(min_length=1)
    expert_padding: dict[WeightPrecision, Padding] = Field(default_factory=dict)
    """By precision; the others are not padded."""
    sixteen_bit: dict[WeightPrecision, tuple[Part, ...]] = Field(default_factory=dict)
    """Parts that checkpoints of a precision keep in 16 bits for this engine."""
    layout_rules: tuple[LayoutRule, ...] = ()
    state_pages: StatePages | None = None
    """How hybrids with recurrent layers are cached; null: states take what they take."""
    fitted: tuple[str, ...] = ()
    """Figures that were fitted to logs, and to which; the others are the engine's own."""
    sources: tuple[Source, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _covers_all_sizes(self) -> EngineVersion:
        if not any(row.from_gib == 0 and not row.not_on for row in self.defaults):
            raise ValueError("defaults needs a row with from_gib 0 that holds everywhere")
        return self

    def defaults_for(self, accelerator: str, gib: float) -> Defaults:
        """Settings on a device of `gib` reported GiB."""
        able = [row for row in self.defaults if row.from_gib <= gib and accelerator not in row.not_on]
        return max(able, key=lambda row: row.from_gib)


class EngineEntry(FrozenModel):
    """A serving engine, oldest version first."""

    name: Name
    aliases: tuple[Name, ...] = ()
    versions: Annotated[tuple[EngineVersion, ...], Field(min_length=1)]
    sources: tuple[Source, ...] = ()
    note: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> EngineEntry:
        numbers = [numbered(entry.version) for entry in self.versions]
        if numbers != sorted(set(numbers)):
            raise ValueError(f"{self.name}: versions must rise, got {[v.version for v in self.versions]}")
        return self

    def at(self, version: str | None) -> EngineVersion:
        """The newest entry that is not newer than `version`, the newest where it is None; LookupError below the first."""
        if version is None:
            return self.versions[-1]
        older = [entry for entry in self.versions if numbered(entry.version) <= numbered(version)]
        if not older:
            raise LookupError(
                f"{self.name} {version} is older than {self.versions[0].version}, the first known"
            )
        return older[-1]


def numbered(version: str) -> tuple[int, ...]:
    """`0.17.1` as (0, 17, 1), without trailing zeros."""
    numbers = [int(part) for part in version.split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
