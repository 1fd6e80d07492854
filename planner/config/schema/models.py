"""Models: what is served, how it may be decoded and split."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fleets.schema.architectures import KvPrecision, WeightPrecision
from fleets.schema.base import Count, Fraction, FrozenModel
from planner.config.schema.fields import Choices


class Speculation(FrozenModel):
    """Speculative decoding with a draft model, or with a head whose accepted lengths were measured."""

    draft: str | None = None
    """Architecture of the draft model: catalogue name or path to a config.json; `mtp`: the model's own head."""
    acceptance: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False, strict=True)] | None = None
    """Probability that a drafted token is accepted."""
    accepted_lengths: str | None = None
    """Instead of draft and acceptance: name of a measured table (`fleetplan catalog accepted-lengths`)."""
    max_draft_tokens: Annotated[int, Field(ge=1, le=32, strict=True)] = 5
    """Largest number of drafted tokens per step."""
    draft_tokens: Choices[Annotated[int, Field(ge=1, le=32, strict=True)]] | None = None
    """Only these numbers of drafted tokens; default: 1 to max_draft_tokens."""

    @model_validator(mode="after")
    def _one_kind(self) -> Speculation:
        if (self.accepted_lengths is None) == (self.draft is None):
            raise ValueError("give either draft with acceptance, or accepted_lengths")
        if self.draft is not None and self.acceptance is None:
            raise ValueError(
                "draft needs acceptance, the probability that a drafted token is accepted (0 to 1)"
            )
        return self

    @property
    def choices(self) -> tuple[int, ...]:
        """Numbers of drafted tokens to choose from."""
        return self.draft_tokens or tuple(range(1, self.max_draft_tokens + 1))


class Model(FrozenModel):
    """A model to serve, and what may be chosen for it."""

    architecture: str
    """Catalogue name, or path to a Hugging Face config.json."""
    weight_precisions: Choices[WeightPrecision] | None = None
    """Allowed weight precisions, the solver chooses; default: the published checkpoint's."""
    kv_precisions: Choices[KvPrecision] | None = None
    """Allowed KV-cache precisions; default: bf16."""
    speculation: tuple[Speculation, ...] = ()
    """Allowed ways of speculative decoding, beside none."""
    speculation_only: bool = False
    """Leave out plain decoding."""
    usable_memory_share: Fraction | None = None
    """Share of device memory that the engine may use (gpu_memory_utilization, mem_fraction_static,
    free_gpu_memory_fraction); default: the engine's."""
    max_num_seqs: Annotated[Count, Field(le=1_000_000)] | None = None
    """Sequences that an instance runs at once, at most; default: the engine's."""
    max_model_len: Count | None = None
    """Tokens of the longest request, prompt and answer; an instance must hold one; default: the workloads' longest."""
    max_num_batched_tokens: Count | None = None
    """Tokens of one forward pass, at most: the activation peak and the chunk of prompts; default: the engine's."""


class Layouts(FrozenModel):
    """Limits on how an instance may be split; default: everything that divides."""

    instance_gpus: Choices[Count] = (1, 2, 4, 8, 16)
    """Accelerators per instance to choose from."""
    tensor_parallel: Choices[Literal["1d", "2d"]] = ("1d",)
    pipeline: Choices[Count] = (1,)
    """Pipeline stages to choose from."""
    expert_parallel: Choices[bool] = (False, True)
    """For mixtures of experts: experts split over ranks (true), or each expert split (false)."""
    attention_groups: Choices[Count] | None = None
    """Data-parallel attention: groups of ranks that hold attention and KV cache of their own sequences; default: 1, and
    for multi-head latent attention, whose cache cannot be split by heads, every group count that divides the ranks."""
