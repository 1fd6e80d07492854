"""Architectures: the layers of a model by their blocks, all that the physics needs of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from fleets.schema.base import Count, FrozenModel, Name, NonNegative, Positive, Source
from fleets.schema.blocks import AnyBlock, Block, Experts
from fleets.schema.uniform import Attention, Counted, FeedForward

WeightPrecision = Literal["bf16", "fp8", "int8", "fp6", "fp4", "mxfp4", "nvfp4", "int4"]
KvPrecision = Literal["bf16", "fp8", "fp4"]


class LayerGroup(FrozenModel):
    """Layers that have the same blocks."""

    count: Count
    blocks: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Names of `blocks`, in the order in which a token passes them."""


class DraftHead(FrozenModel):
    """A head that comes with a model and drafts tokens: read by speculation alone."""

    kind: Literal["mtp"] = "mtp"
    count: Count = 1
    """Heads in the checkpoint; one drafts all tokens, as engines do it."""
    weight_precision: WeightPrecision | None = None
    """Precision of the head where it is kept wider than the model (quantisers often leave it in 16 bits)."""
    blocks: tuple[Name, ...] = ()
    """Names of `blocks`; empty: attention and the experts (or the dense block) of the model's own layers."""


class Architecture(FrozenModel):
    """A model's shape: its layers as groups of blocks, or in short one attention and one feed-forward block for all."""

    name: Name
    aliases: tuple[str, ...] = ()
    """Other names: Hugging Face ids, names in measured tables."""
    paper_name: str | None = None
    """Name in the public code of arXiv 2506.04645, for its tables."""
    layers: Count | Annotated[tuple[LayerGroup, ...], Field(min_length=1)]
    """Number of layers, all with `attention` and `feed_forward`; or groups of layers."""
    d_model: Count
    vocabulary: Annotated[int, Field(ge=0, strict=True)]
    attention: Attention | None = None
    feed_forward: FeedForward | None = None
    blocks: dict[Name, AnyBlock] = Field(default_factory=dict)
    """Blocks that groups of layers name."""
    draft_head: DraftHead | None = None
    tied_embeddings: bool = False
    """One matrix serves as input embedding and unembedding."""
    residual_streams: Annotated[int, Field(ge=1, le=64, strict=True)] = 1
    """Hyper-connections: streams of the residual, in memory traffic (DeepSeek-V4: 4)."""
    encoder_parameters: NonNegative = 0.0
    """Parameters of vision and audio towers: memory and no time."""
    lookup_parameters: NonNegative = 0.0
    """Parameters of tables that are looked up and not multiplied, beside the input embedding."""
    weight_precision: WeightPrecision = "bf16"
    """Precision of the published checkpoint; used where a point or config names none."""
    attention_weight_precision: WeightPrecision | None = None
    """Precision of the checkpoint's token mixers where they are kept wider (gpt-oss: bf16)."""
    dense_weight_precision: WeightPrecision | None = None
    """Precision of a mixture's dense layers and shared experts where they are kept wider (Kimi-K2-Thinking: bf16)."""
    expert_weight_precision: WeightPrecision | None = None
    """Precision of routed experts where they are kept wider (a draft head's)."""
    embedding_weight_precision: WeightPrecision | None = None
    """Precision of the checkpoint's embedding and unembedding where they are kept wider."""
    fp8_block_size: tuple[Count, Count] | None = None
    """Rows and columns of a matrix that share a scale in the published FP8 checkpoint (weight_block_size); null: scales
    by tensor or channel."""
    kv_precision: KvPrecision = "bf16"
    activation_bytes: Annotated[float, Field(gt=0, le=4, strict=True)] = 2.0
    """Bytes per activation on the wire and in memory traffic."""
    published_parameters: Positive | None = None
    """Total parameters as published; checked against the shape."""
    published_active_parameters: Positive | None = None
    sources: tuple[Source, ...] = ()
    note: str = ""

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.name, self.d_model, self.vocabulary, self.depth, self.stack))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Architecture:
        """A copy with other fields; what was derived from the old ones is derived again."""
        copy = super().model_copy(update=update, deep=deep)
        for name, member in vars(type(self)).items():
            if isinstance(member, cached_property):
                copy.__dict__.pop(name, None)
        return copy

    @cached_property
    def depth(self) -> int:
        """Number of layers."""
        return self.layers if isinstance(self.layers, int) else sum(group.count for group in self.layers)

    @cached_property
    def stack(self) -> Counted:
        """Every kind of block with the number of layers that have it; the order says nothing."""
        if isinstance(self.layers, int):
            parts = (self.attention, self.feed_forward)
            return tuple(entry for part in parts if part is not None for entry in part.blocks(self.layers))
        found: dict[Block, int] = {}
        for group in self.layers:
            for name in group.blocks:
                found[self.blocks[name]] = found.get(self.blocks[name], 0) + group.count
        return tuple((count, block) for block, count in found.items())

    @cached_property
    def token_mixers(self) -> Counted:
        """The part of the stack that mixes tokens."""
        return tuple(entry for entry in self.stack if entry[1].mixes == "tokens")

    @cached_property
    def experts(self) -> Experts | None:
        """The mixture that its layers have; None for a dense model."""
        return next((block for _, block in self.stack if isinstance(block, Experts)), None)

    @property
    def sparsity(self) -> float:
        """s = E / E_a, a real number; 1 for a dense model."""
        return 1.0 if self.experts is None else self.experts.ratio

    @property
    def is_mixture(self) -> bool:
        return self.experts is not None

    @property
    def is_latent(self) -> bool:
        """Whether some attention keeps one latent vector for all heads."""
        return any(block.latent for _, block in self.stack)

    @property
    def family(self) -> str:
        """What sets kinds of models apart in measurements: a dense block or a mixture, latent attention, recurrence."""
        traits = ["latent attention"] if self.is_latent else []
        traits += ["recurrent layers"] if any(block.recurrent for _, block in self.stack) else []
        block = "mixture" if self.is_mixture else "dense"
        return f"{block} with {' and '.join(traits)}" if traits else block

    @model_validator(mode="after")
    def _layers_add_up(self) -> Architecture:
        if isinstance(self.layers, int):
            self._short_form(self.layers)
        else:
            self._groups()
        if len({block.ratio for _, block in self.stack if isinstance(block, Experts)}) > 1:
            raise ValueError(f"{self.name}: mixtures of different sparsity in one model cannot be expressed")
        return self

    def _short_form(self, layers: int) -> None:
        if self.attention is None or self.feed_forward is None:
            raise ValueError(f"{self.name}: a number of layers needs attention and feed_forward")
        if self.blocks or (self.draft_head and self.draft_head.blocks):
            raise ValueError(
                f"{self.name}: blocks go with layers as groups: layers: [{{count: …, blocks: […]}}]"
            )
        if self.feed_forward.dense_layers > layers or self.attention.windowed_layers > layers:
            raise ValueError(f"{self.name}: more dense or windowed layers than the {layers} it has")

    def _groups(self) -> None:
        if self.attention is not None or self.feed_forward is not None:
            raise ValueError(
                f"{self.name}: groups of layers name blocks; attention and feed_forward are the short form"
            )
        groups = self.layers if not isinstance(self.layers, int) else ()
        named = {name for group in groups for name in group.blocks}
        named |= set(self.draft_head.blocks) if self.draft_head else set()
        unknown = sorted(named - set(self.blocks))
        if unknown:
            raise ValueError(
                f"{self.name}: no block is called {', '.join(unknown)}; blocks: {', '.join(self.blocks)}"
            )
        unused = sorted(set(self.blocks) - named)
        if unused:
            raise ValueError(f"{self.name}: no layer has the block {', '.join(unused)}")
