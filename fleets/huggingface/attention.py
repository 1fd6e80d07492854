"""Attention of a config: heads, latent dimensions, and how many layers keep only a window."""

from __future__ import annotations

from fleets.huggingface.families import Family
from fleets.huggingface.fields import Fields
from fleets.schema.uniform import Attention

_WINDOWED = ("sliding_attention", "chunked_attention")


def read_attention(fields: Fields, family: Family, layers: int, width: int) -> Attention | None:
    """The attention block; None after a refusal (recorded in `fields`)."""
    window, windowed = _windows(fields, family, layers)
    heads = fields.required("num_attention_heads")
    parallel = family.parallel or _parallel(fields)
    if fields.has("kv_lora_rank"):
        rank, nope = fields.required("kv_lora_rank"), fields.required("qk_nope_head_dim")
        rope, value = fields.required("qk_rope_head_dim"), fields.required("v_head_dim")
        query_rank = fields.count("q_lora_rank", minimum=1)
        if fields.problems:
            return None
        return Attention(
            kind="mla",
            query_heads=heads,
            kv_heads=heads,
            head_dim=nope,
            kv_rank=rank,
            query_rank=query_rank,
            rope_dim=rope,
            value_dim=None if value == nope else value,
            parallel=parallel,
        )
    kv_heads, head_dim = _kv_heads(fields, family, heads), _head_dim(fields, family, heads, width)
    if heads % kv_heads:
        fields.refuse("num_key_value_heads", f"must divide the {heads} query heads")
    if fields.problems:
        return None
    return Attention(
        query_heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        parallel=parallel,
        window_tokens=window if windowed else None,
        windowed_layers=windowed,
    )


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
    if family.heads_are_kv_heads and not fields.has("num_key_value_heads"):
        return heads
    return fields.required("num_key_value_heads")


def _head_dim(fields: Fields, family: Family, heads: int, width: int) -> int:
    if fields.has("head_dim") or not family.head_dim_from_width:
        return fields.required("head_dim")
    if width % heads:
        fields.refuse("head_dim", f"is needed: hidden_size {width} is not a multiple of {heads} heads")
    return max(width // heads, 1)


def _windows(fields: Fields, family: Family, layers: int) -> tuple[int | None, int]:
    """Tokens of the window and how many layers have it."""
    types = fields.items("layer_types")
    if types is not None:
        strange = sorted({str(kind) for kind in types} - {*_WINDOWED, "full_attention"})
        if strange:
            fields.refuse("layer_types", f"layers of type {', '.join(strange)} are not understood")
        if len(types) != layers:
            fields.refuse("layer_types", f"has {len(types)} entries for {layers} layers")
        windowed = sum(kind in _WINDOWED for kind in types)
        if not windowed:
            return None, 0
        return fields.required(
            "attention_chunk_size" if "chunked_attention" in types else "sliding_window"
        ), windowed
    if family.windows == "chunked":
        return _chunked(fields, layers)
    window = fields.count("sliding_window", minimum=1)
    if window is None or not fields.flag("use_sliding_window", family.windows != "upper"):
        return None, 0
    if family.windows == "all":
        return window, layers
    if family.windows == "upper":
        return window, max(layers - fields.required("max_window_layers"), 0)
    if family.windows == "alternate":
        return window, (layers + 1) // 2
    if family.windows == "pattern":
        return window, layers - layers // fields.required("sliding_window_pattern")
    fields.refuse("sliding_window", "which layers are windowed is not said; layer_types is needed")
    return None, 0


def _chunked(fields: Fields, layers: int) -> tuple[int | None, int]:
    """Llama 4: layers with rotary embedding attend within chunks; every fourth has none and sees all."""
    chunk = fields.count("attention_chunk_size", minimum=1)
    if chunk is None:
        return None, 0
    rotary = fields.items("no_rope_layers")
    if rotary:
        if len(rotary) != layers or any(flag not in (0, 1) for flag in rotary):
            fields.refuse("no_rope_layers", f"must be {layers} entries of 0 or 1, one per layer")
        return chunk, sum(flag == 1 for flag in rotary)
    interval = fields.count("no_rope_layer_interval", minimum=1) or 4
    return chunk, layers - layers // interval
