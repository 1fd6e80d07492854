"""Which token mixer every layer has, where a config states a period: attention once in a while."""

from __future__ import annotations

from fleets.huggingface.fields import Fields, Kinds


def attn_layer_indices(fields: Fields, layers: int) -> Kinds | None:
    """Bamba: the layers with attention among Mamba layers."""
    listed = fields.items("attn_layer_indices")
    return None if listed is None else ["full" if n in listed else "mamba" for n in range(layers)]


def attn_layer_period(fields: Fields, layers: int) -> Kinds | None:
    """Jamba: attention once in a period."""
    period = fields.count("attn_layer_period", minimum=1)
    if period is None:
        return None
    offset = fields.count("attn_layer_offset") or 0
    return ["full" if layer % period == offset else "mamba" for layer in range(layers)]


def full_attention_interval(fields: Fields, layers: int) -> Kinds | None:
    """Qwen3-Next: the last layer of every few has attention."""
    return _last_of(fields, "full_attention_interval", layers, "linear")


def layer_group_size(fields: Fields, layers: int) -> Kinds | None:
    """Ling-2.5: the same, and what is left of the last group has attention, too."""
    size = fields.count("layer_group_size", minimum=1)
    if size is None or size == 1:
        return None
    grouped = layers // size * size
    return ["full" if (n + 1) % size == 0 or n >= grouped else "linear" for n in range(layers)]


def global_attn_every_n_layers(fields: Fields, layers: int) -> Kinds | None:
    """Windows in all layers but one of every few."""
    return _last_of(fields, "global_attn_every_n_layers", layers, "sliding")


def _last_of(fields: Fields, key: str, layers: int, others: str) -> Kinds | None:
    every = fields.count(key, minimum=1)
    return None if every is None else ["full" if (n + 1) % every == 0 else others for n in range(layers)]


def no_rope_layers(fields: Fields, layers: int) -> Kinds | None:
    """Llama 4: layers with rotary embedding attend within chunks; every fourth has none and sees all."""
    if not fields.has("attention_chunk_size") or not _chunks(fields):
        return None
    rotary = fields.items("no_rope_layers")
    if rotary:
        if len(rotary) != layers or any(flag not in (0, 1) for flag in rotary):
            fields.refuse("no_rope_layers", f"must be {layers} entries of 0 or 1, one per layer")
            return ["full"] * layers
        return ["chunked" if flag == 1 else "full" for flag in rotary]
    interval = fields.count("no_rope_layer_interval", minimum=1) or 4
    return ["full" if (n + 1) % interval == 0 else "chunked" for n in range(layers)]


def _chunks(fields: Fields) -> bool:
    return str(fields.data.get("model_type", "")).startswith("llama4")
