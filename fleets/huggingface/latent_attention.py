"""Latent attention of a config as blocks: MLA with its indexers, and DeepSeek-V4's compressed kind."""

from __future__ import annotations

from fleets.huggingface.families import Family
from fleets.huggingface.fields import Fields
from fleets.huggingface.output_gate import read_gate
from fleets.schema.blocks import Block, CompressedLatent, Indexer, Latent


def read_latent(fields: Fields, family: Family, layers: int, kinds: list[str]) -> list[Block]:
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
        output_gate=read_gate(fields, family),
        parallel=family.parallel,
    )
    return [
        block.model_copy(update={"indexer": indexer})
        for indexer, kind in zip(_indexers(fields, layers), kinds, strict=True)
        if kind in ("full", "sliding", "sparse")
    ]


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


def read_compressed(fields: Fields, kind: str) -> Block:
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
