"""Grouped-query attention of a config as blocks, one for each kind of layer that differs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from fleets.huggingface.families import Family
from fleets.huggingface.fields import Fields
from fleets.huggingface.output_gate import read_gate
from fleets.schema.blocks import Block, GroupedQuery, Indexer


@dataclass(frozen=True)
class Sizes:
    """Heads of one kind of layer."""

    heads: int
    kv_heads: int
    head_dim: int
    value_dim: int | None = None


def read_grouped(fields: Fields, family: Family, layers: int, width: int, kinds: list[str]) -> list[Block]:
    sizes = _sizes(fields, family, width)
    by_layer = _by_layer(fields, layers)
    shared = fields.count("num_kv_shared_layers") or 0
    found: list[Block] = []
    for number, kind in enumerate(kinds):
        if kind not in ("full", "sliding", "chunked", "sparse"):
            continue
        own = _of_kind(fields, family, kind, sizes)
        own = replace(own, heads=by_layer[number]) if by_layer else own
        if own.heads % own.kv_heads:
            fields.refuse("num_key_value_heads", f"must divide the {own.heads} query heads")
            break
        found.append(_grouped_block(fields, family, kind, own, layers > number >= layers - shared))
    return found


def _grouped_block(fields: Fields, family: Family, kind: str, sizes: Sizes, shares: bool) -> Block:
    window = None
    if kind == "chunked":
        window = fields.required("attention_chunk_size")
    elif kind == "sliding":
        window = fields.required("sliding_window", "sliding_window_size", "attention_window_size")
    return GroupedQuery(
        query_heads=sizes.heads,
        kv_heads=sizes.kv_heads,
        head_dim=sizes.head_dim,
        value_dim=None if sizes.value_dim == sizes.head_dim else sizes.value_dim,
        window=window,
        window_kind="chunked" if kind == "chunked" else "sliding",
        output_gate=read_gate(fields, family),
        keys_are_values=kind == "full" and fields.flag("attention_k_eq_v", False),
        shares_cache=shares,
        parallel=family.parallel or _parallel(fields),
        indexer=_block_indexer(fields) if kind == "sparse" else None,
    )


def _block_indexer(fields: Fields) -> Indexer | None:
    """MiniMax-M3's choice of blocks."""
    given = fields.data.get("sparse_attention_config")
    inner = Fields(given if isinstance(given, dict) else {}, fields.file)
    size = inner.required("sparse_index_dim")
    tokens = inner.required("sparse_topk_blocks") * inner.required("sparse_block_size")
    heads = inner.required("sparse_num_index_heads")
    fields.problems += inner.problems
    return Indexer(heads=heads, dim=size, top_tokens=tokens, key_bytes=2.0 * size)


def _sizes(fields: Fields, family: Family, width: int) -> Sizes:
    heads = fields.required("num_attention_heads")
    return Sizes(
        heads,
        _kv_heads(fields, family, heads),
        _head_dim(fields, family, heads, width),
        fields.first("v_head_dim"),
    )


def _of_kind(fields: Fields, family: Family, kind: str, sizes: Sizes) -> Sizes:
    """Heads of layers that differ from the others by their kind: MiMo-V2, Step, Gemma-4."""
    other: Any = fields.data.get("attention_other_setting")
    if kind == "sliding" and isinstance(other, dict):
        values = (other.get("num_attention_heads"), other.get("num_attention_groups"), other.get("head_dim"))
        if all(type(value) is int and value > 0 for value in values[:2]):
            head_dim = values[2] if type(values[2]) is int else sizes.head_dim
            return Sizes(int(values[0] or 1), int(values[1] or 1), int(head_dim))
    if kind == "sliding" and fields.has("swa_num_attention_heads"):
        return Sizes(
            fields.required("swa_num_attention_heads"),
            fields.first("swa_num_key_value_heads") or sizes.kv_heads,
            fields.first("swa_head_dim") or sizes.head_dim,
            fields.first("swa_v_head_dim") or sizes.value_dim,
        )
    if kind == "sliding" and family.sliding_heads:
        return replace(sizes, heads=family.sliding_heads)
    if kind == "full" and fields.has("global_head_dim"):
        kv_heads = fields.first("num_global_key_value_heads") or sizes.kv_heads
        return Sizes(sizes.heads, kv_heads, fields.required("global_head_dim"))
    return sizes


def _by_layer(fields: Fields, layers: int) -> list[int] | None:
    """Query heads of every layer (Laguna)."""
    listed = fields.items("num_attention_heads_per_layer")
    if listed is None:
        return None
    if len(listed) != layers or any(type(heads) is not int or heads < 1 for heads in listed):
        fields.refuse("num_attention_heads_per_layer", f"must be {layers} whole numbers")
        return None
    return [int(heads) for heads in listed]


def _parallel(fields: Fields) -> bool:
    model_type = fields.data.get("model_type")
    if model_type == "falcon":
        return fields.flag("new_decoder_architecture", False) or fields.flag("parallel_attn", True)
    if model_type == "gpt_neox":
        return fields.flag("use_parallel_residual", True)
    return fields.flag("parallel_attention", False)


def _kv_heads(fields: Fields, family: Family, heads: int) -> int:
    if fields.data.get("model_type") == "falcon" and not fields.has("num_key_value_heads"):
        if fields.flag("new_decoder_architecture", False):
            return fields.required("num_kv_heads")
        return 1 if fields.flag("multi_query", True) else heads
    keys = ("num_key_value_heads", "num_attention_groups", "multi_query_group_num")
    if family.heads_are_kv_heads and not any(fields.has(key) for key in keys):
        return heads
    return fields.required(*keys) if any(fields.has(key) for key in keys) else fields.required(keys[0])


def _head_dim(fields: Fields, family: Family, heads: int, width: int) -> int:
    for key in ("head_dim", "attention_head_dim", "kv_channels"):
        if fields.has(key):
            return fields.required(key)
    if not family.head_dim_from_width:
        return fields.required("head_dim")
    if width % heads:
        fields.refuse("head_dim", f"is needed: hidden_size {width} is not a multiple of {heads} heads")
    return max(width // heads, 1)
