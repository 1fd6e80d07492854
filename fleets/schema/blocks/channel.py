"""Channel mixers: dense feed-forward blocks and mixtures of experts."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from fleets.schema.base import Count, Positive
from fleets.schema.blocks.base import Block, WholeNumber


class ChannelMixer(Block):
    """What both share: matrices of d_model × d_ff."""

    mixes: ClassVar[Literal["tokens", "channels"]] = "channels"
    d_ff: Count
    """Inner size of the block, or of one routed expert."""
    input_matrices: Annotated[int, Field(ge=1, le=4, strict=True)] = 2
    """Matrices d_model to d_ff: 2 for gated blocks (SwiGLU), else 1."""
    output_matrices: Annotated[int, Field(ge=1, le=4, strict=True)] = 1

    @property
    def matrices(self) -> int:
        """Of the block, or of one expert."""
        return self.input_matrices + self.output_matrices


class Dense(ChannelMixer):
    """A feed-forward block that every token visits."""

    mixer: Literal["dense"] = "dense"


class Experts(ChannelMixer):
    """A mixture of experts, of which each token visits some."""

    mixer: Literal["moe"] = "moe"
    experts: Count
    active_experts: Count
    """Routed experts per token."""
    shared_experts: WholeNumber = 0
    shared_d_ff: Count | None = None
    """Inner size of one shared expert; null: d_ff."""
    zero_experts: WholeNumber = 0
    """Experts that do nothing and are chosen among the others (LongCat)."""
    latent_dim: Count | None = None
    """Size in which experts work, between two projections that all share (Nemotron-3); null: d_model."""
    sparsity: Positive | None = None
    """experts / active_experts, unless a source uses another figure (the paper's DeepSeek-V3: 28)."""

    @model_validator(mode="after")
    def _enough(self) -> Experts:
        if self.active_experts > self.experts + self.zero_experts:
            raise ValueError(f"active_experts {self.active_experts} exceeds experts {self.experts}")
        return self

    @property
    def visited(self) -> float:
        """Routed experts that a token visits and that do something."""
        return self.active_experts * self.experts / (self.experts + self.zero_experts)

    @property
    def shared_width(self) -> int:
        """Inner size of all shared experts together."""
        return self.shared_experts * (self.shared_d_ff or self.d_ff)

    @property
    def ratio(self) -> float:
        """s = E / E_a."""
        return self.experts / self.visited if self.sparsity is None else self.sparsity
