"""What every block of a layer has."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from fleets.schema.base import Count, FrozenModel

WholeNumber = Annotated[int, Field(ge=0, le=10_000_000, strict=True)]
StatePrecision = Literal["fp32", "bf16"]
"""Precision of what a recurrent layer keeps."""


class Block(FrozenModel):
    """A token mixer or a channel mixer of a layer."""

    mixes: ClassVar[Literal["tokens", "channels"]]
    latent: ClassVar[bool] = False
    """Whether all heads share one cached vector, which tensor ranks copy."""
    recurrent: ClassVar[bool] = False
    """Whether it keeps a state of constant size instead of a cache that grows."""

    mixer: str
    """Which kind it is."""
    parallel: bool = False
    """Reads the same input as the block beside it and shares its reduction (PaLM, Falcon-H1)."""

    @model_serializer(mode="wrap")
    def _with_its_kind(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """The mixer comes first, also where defaults are left out: no block is read without it."""
        return {"mixer": self.mixer, **handler(self)}

    @property
    def summary(self) -> str:
        """It in a few words, for tables."""
        return self.mixer.replace("_", " ")


class Indexer(FrozenModel):
    """Scores all tokens kept and lets attention read the best of them (DeepSeek-V3.2, MiniMax-M3)."""

    heads: Count
    dim: Count
    """Size of an index query and of the one index key of a token."""
    top_tokens: Count
    """Tokens that attention reads."""
    shared: bool = False
    """The choice of an earlier layer is taken: no matrices, no index keys."""
    pooled: Count = 1
    """Tokens that share one index key."""
    key_bytes: Annotated[float, Field(gt=0, le=1e6, strict=True)] | None = None
    """Bytes of one index key in the cache, with its scale; null: dim in 8 bits and 4 bytes."""

    @property
    def cached_bytes(self) -> float:
        """Bytes of index keys per token."""
        if self.shared:
            return 0.0
        return (self.dim + 4.0 if self.key_bytes is None else self.key_bytes) / self.pooled
