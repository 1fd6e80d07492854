"""Layers that a search chose one by one (Nemotron-NAS): each with attention of its own width or none, and a block."""

from __future__ import annotations

from typing import Any

from fleets.huggingface.fields import Fields
from fleets.schema.blocks import Dense, GroupedQuery, Layer

_MULTIPLE = 256


def read_block_configs(fields: Fields, layers: int, width: int) -> list[Layer] | None:
    """Blocks by layer from `block_configs`; None after a refusal."""
    listed, heads = fields.items("block_configs"), fields.required("num_attention_heads")
    for key in ("num_key_value_heads", "intermediate_size"):
        fields.data.get(key)  # null: every layer has its own
    if listed is None or len(listed) != layers or not all(isinstance(entry, dict) for entry in listed):
        fields.refuse("block_configs", f"must be {layers} mappings, one per layer")
        return None
    head_dim = fields.first("head_dim") or max(width // heads, 1)
    before = len(fields.problems)
    found = [
        (
            *_attention(fields, entry.get("attention"), heads, head_dim),
            *_dense(fields, entry.get("ffn"), width),
        )
        for entry in listed
    ]
    if not any(found):
        fields.refuse("block_configs", "no layer has a block")
    return None if len(fields.problems) > before else found


def _attention(fields: Fields, given: Any, heads: int, head_dim: int) -> Layer:
    settings = _settings(fields, given, "attention")
    if settings.get("no_op"):
        return ()
    group, kv_heads = settings.get("n_heads_in_group"), settings.get("num_key_value_heads")
    if type(group) is int and group > 0 and heads % group == 0:
        kv_heads = heads // group
    if type(kv_heads) is not int or kv_heads < 1 or heads % kv_heads:
        fields.refuse("block_configs", "attention needs n_heads_in_group, a divisor of the query heads")
        return ()
    return (GroupedQuery(query_heads=heads, kv_heads=kv_heads, head_dim=head_dim),)


def _dense(fields: Fields, given: Any, width: int) -> Layer:
    settings = _settings(fields, given, "ffn")
    if settings.get("no_op"):
        return ()
    d_ff, factor = settings.get("intermediate_size"), settings.get("ffn_mult")
    if isinstance(factor, int | float) and 0 < factor < 1000:
        d_ff = -(-int(2 * factor * width / 3) // _MULTIPLE) * _MULTIPLE
    if type(d_ff) is not int or not 0 < d_ff < 10**7:
        fields.refuse("block_configs", "ffn needs ffn_mult or intermediate_size")
        return ()
    return (Dense(d_ff=d_ff),)


def _settings(fields: Fields, given: Any, part: str) -> dict[str, Any]:
    """The settings of a part; what changes its shape in ways that are not known is refused."""
    if not isinstance(given, dict):
        fields.refuse("block_configs", f"{part} must be a mapping")
        return {"no_op": True}
    strange = [
        key for key in ("replace_with_linear", "sparsify", "window_length", "moe", "mamba") if given.get(key)
    ]
    if strange:
        fields.refuse("block_configs", f"{part}.{strange[0]} cannot be expressed")
    return given
