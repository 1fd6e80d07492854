"""Attention of a config as blocks: grouped queries, latent vectors, and DeepSeek-V4's compressed ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from fleets.huggingface.families import Family
from fleets.huggingface.fields import Fields
from fleets.schema.blocks import Block, CompressedLatent, GroupedQuery, Indexer, Latent

LATENT_KEYS = ("kv_lora_rank",)
Gate = Literal["none", "heads", "full"]


@dataclass(frozen=True)
class Sizes:
    """Heads of one kind of layer."""

    heads: int
    kv_heads: int
    head_dim: int
    value_dim: int | None = None


def read_attention(
    fields: Fields, family: Family, layers: int, width: int, kinds: list[str]
) -> list[Block] | None:
    """The attention block of every layer whose kind is attention, in order; None after a refusal."""
    before = len(fields.problems)
    if fields.has("compress_ratios"):
        found: list[Block] = [_compressed(fields, kind) for kind in kinds]
    elif fields.has("kv_lora_rank"):
        found = _latent(fields, family, layers, kinds)
    else:
        found = _grouped(fields, family, layers, width, kinds)
    return None if len(fields.problems) > before else found


def _latent(fields: Fields, family: Family, layers: int, kinds: list[str]) -> list[Block]:
    nope, rope = fields.required("qk_nope_head_dim"), fields.count("qk_rope_head_dim") or 0
    for key in ("num_key_value_heads", "head_dim", "qk_head_dim"):
        fields.data.get(key)  # said by many and no part of the latent form
    value = fields.required("v_head_dim")
    block = Latent(
        query_heads=fields.required("num_attention_heads"),
        head_dim=nope,
        rope_dim=rope,
        value_dim=None if value == nope else value,
        kv_rank=fields.required("kv_lora_rank"),
        query_rank=fields.count("q_lora_rank", minimum=1),
        output_gate=_gate(fields, family),
        parallel=family.parallel,
    )
    indexers = _indexers(fields, layers)
    numbers = [layer for layer in range(layers) if layer < len(indexers)]
    blocks = [block.model_copy(update={"indexer": indexers[number]}) for number in numbers]
    return [blocks[number] for number, kind in enumerate(kinds) if kind in ("full", "sliding", "sparse")]


def _indexers(fields: Fields, layers: int) -> list[Indexer | None]:
    """The indexer of every layer: none, its own, or an earlier layer's choice."""
    if not fields.has("index_topk"):
        return [None] * layers
    own = Indexer(
        heads=fields.required("index_n_heads"),
        dim=fields.required("index_head_dim"),
        top_tokens=fields.required("index_topk"),
        pooled=fields.count("index_kpool", minimum=1) or 1,
    )
    types = fields.items("indexer_types")
    if types is None:
        return [own] * layers
    strange = {str(kind) for kind in types} - {"full", "shared"}
    if strange or len(types) != layers:
        fields.refuse("indexer_types", f"must be {layers} entries of full or shared")
        return [None] * layers
    return [own if kind == "full" else own.model_copy(update={"shared": True}) for kind in types]


def _compressed(fields: Fields, kind: str) -> Block:
    ratio = int(kind) if kind.isdigit() else 0
    for key in ("num_key_value_heads", "qk_rope_head_dim"):
        fields.data.get(key)  # one, and part of head_dim
    chosen = ratio > 0 and ratio <= 16
    indexer = Indexer(
        heads=fields.required("index_n_heads"),
        dim=fields.required("index_head_dim"),
        top_tokens=fields.required("index_topk"),
    )
    return CompressedLatent(
        query_heads=fields.required("num_attention_heads"),
        head_dim=fields.required("head_dim"),
        query_rank=fields.required("q_lora_rank"),
        output_groups=fields.required("o_groups"),
        output_rank=fields.required("o_lora_rank"),
        window=fields.required("sliding_window"),
        compression=ratio or None,
        overlapping=chosen,
        indexer=indexer if chosen else None,
    )


def _grouped(fields: Fields, family: Family, layers: int, width: int, kinds: list[str]) -> list[Block]:
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
        output_gate=_gate(fields, family),
        keys_are_values=kind == "full" and fields.flag("attention_k_eq_v", False),
        shares_cache=shares,
        parallel=family.parallel or _parallel(fields),
        indexer=_block_indexer(fields) if kind == "sparse" else None,
    )


def _gate(fields: Fields, family: Family) -> Gate:
    """Whether attention has a gate on its output, by any of the keys that say so."""
    for key in ("attn_output_gate", "attention_output_gate", "mla_use_output_gate"):
        if fields.has(key):
            return "full" if fields.flag(key, True) else "none"
    if fields.flag("use_head_wise_attn_gate", False):
        return "heads"
    gating = fields.data.get("gating")
    if gating not in (None, False):
        return "heads" if gating in (True, "per-head", "per_head") else "full"
    return family.output_gate


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
