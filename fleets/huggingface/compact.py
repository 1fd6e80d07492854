"""Layers as an architecture writes them: in the short form where one attention and one feed-forward block say all,
else as groups of named blocks."""

from __future__ import annotations

from typing import Any

from fleets.schema.architectures import DraftHead, LayerGroup, WeightPrecision
from fleets.schema.blocks import Block, Dense, Experts, GroupedQuery, Latent, Layer
from fleets.schema.uniform import Attention, FeedForward

_NAMES = {
    "gqa": "attention", "mla": "attention", "latent_mqa": "attention", "gated_delta": "delta", "kda": "delta",
    "mamba2": "mamba", "mamba1": "mamba", "lightning": "linear", "short_convolution": "convolution", "moe": "experts",
}  # fmt: skip


def compact(
    layers: list[Layer], head: Layer, head_precision: WeightPrecision | None = None
) -> dict[str, Any]:
    """The fields of an architecture that say its layers, and its draft head where there is one."""
    short = _short_form(layers)
    if short is None or (head and not _is_usual(layers, head)):
        return _groups(layers, head, head_precision)
    return {**short, "draft_head": DraftHead(weight_precision=head_precision)} if head else short


def _is_usual(layers: list[Layer], head: Layer) -> bool:
    """Whether a head has the blocks that a short form gives it: attention to everything, and experts if there are any."""
    mixers = [block for layer in layers for block in layer[:1] if getattr(block, "window", None) is None]
    channels = [layer[1] for layer in layers]
    experts = [block for block in channels if isinstance(block, Experts)]
    return bool(mixers) and head == (mixers[0], (experts or channels)[0])


def _groups(layers: list[Layer], head: Layer, precision: WeightPrecision | None) -> dict[str, Any]:
    names = _named([block for layer in (*layers, head) for block in layer])
    kinds = [
        kind for kind in sorted(set(layers), key=layers.index) if kind
    ]  # a layer of nothing costs nothing
    groups = [
        LayerGroup(count=layers.count(kind), blocks=tuple(names[block] for block in kind)) for kind in kinds
    ]
    found: dict[str, Any] = {
        "layers": tuple(groups),
        "blocks": {name: block for block, name in names.items()},
    }
    if head:
        found["draft_head"] = DraftHead(
            blocks=tuple(names[block] for block in head), weight_precision=precision
        )
    return found


def _named(blocks: list[Block]) -> dict[Block, str]:
    """A name for every kind of block: what it is, and a number where there are several."""
    names: dict[Block, str] = {}
    for block in blocks:
        if block in names:
            continue
        base = _NAMES.get(block.mixer, block.mixer)
        indexed = getattr(block, "indexer", None) is not None
        if getattr(block, "compression", None) is not None:
            base = "csa" if indexed else "hca"  # compressed sparse, heavily compressed attention
        elif getattr(block, "window", None) is not None:
            base = "window"
        elif indexed:
            base = "sparse"
        taken = sum(name.split("_")[0] == base for name in names.values())
        names[block] = base if not taken else f"{base}_{taken + 1}"
    return names


def _short_form(layers: list[Layer]) -> dict[str, Any] | None:
    """None where the layers need more than one attention and one feed-forward block."""
    if any([block.mixes for block in layer] != ["tokens", "channels"] for layer in layers):
        return None
    attention = _attention([layer[0] for layer in layers])
    feed_forward = _feed_forward([layer[1] for layer in layers])
    if attention is None or feed_forward is None:
        return None
    return {"layers": len(layers), "attention": attention, "feed_forward": feed_forward}


def _attention(blocks: list[Block]) -> Attention | None:
    windows = {getattr(block, "window", None) for block in blocks}
    same = {
        block.model_copy(
            update={"window": None, "window_kind": "sliding"} if isinstance(block, GroupedQuery) else {}
        )
        for block in blocks
    }
    chunked = any(getattr(block, "window_kind", "") == "chunked" for block in blocks)
    if len(same) != 1 or len(windows - {None}) > 1:
        return None
    block, window = same.pop(), next(iter(windows - {None}), None)
    windowed = sum(getattr(entry, "window", None) is not None for entry in blocks)
    if isinstance(block, Latent):
        plain = Latent(
            query_heads=block.query_heads, head_dim=block.head_dim, rope_dim=block.rope_dim, value_dim=block.value_dim,
            kv_rank=block.kv_rank, query_rank=block.query_rank, parallel=block.parallel,
        )  # fmt: skip
        if block != plain or windowed:
            return None
        return Attention(
            kind="mla", query_heads=block.query_heads, kv_heads=block.query_heads, head_dim=block.head_dim,
            kv_rank=block.kv_rank, query_rank=block.query_rank, rope_dim=block.rope_dim, value_dim=block.value_dim,
            parallel=block.parallel,
        )  # fmt: skip
    if not isinstance(block, GroupedQuery):
        return None
    simple = GroupedQuery(
        query_heads=block.query_heads,
        kv_heads=block.kv_heads,
        head_dim=block.head_dim,
        parallel=block.parallel,
    )
    if block != simple:
        return None
    return Attention(
        query_heads=block.query_heads, kv_heads=block.kv_heads, head_dim=block.head_dim, parallel=block.parallel,
        window_tokens=window, windowed_layers=windowed, window_kind="chunked" if chunked else "sliding",
    )  # fmt: skip


def _feed_forward(blocks: list[Block]) -> FeedForward | None:
    dense = {block for block in blocks if isinstance(block, Dense)}
    mixtures = {block for block in blocks if isinstance(block, Experts)}
    if len(dense) > 1 or len(mixtures) > 1 or any(block.parallel for block in blocks):
        return None
    one = next(iter(dense), None)
    if not mixtures:
        return None if one is None else FeedForward(d_ff=one.d_ff, input_matrices=one.input_matrices)
    experts = mixtures.pop()
    if experts.zero_experts or experts.latent_dim or (one and one.input_matrices != experts.input_matrices):
        return None
    return FeedForward(
        d_ff=experts.d_ff, input_matrices=experts.input_matrices, experts=experts.experts,
        active_experts=experts.active_experts, shared_experts=experts.shared_experts, shared_d_ff=experts.shared_d_ff,
        dense_layers=sum(isinstance(block, Dense) for block in blocks), dense_d_ff=one.d_ff if one else None,
    )  # fmt: skip
