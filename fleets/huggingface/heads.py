"""What comes with a model beside its layers: heads that draft tokens, and towers for images and sound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleets.huggingface.fields import Fields
from fleets.schema.blocks import Experts, Layer

MTP_KEYS = (
    "num_nextn_predict_layers", "mtp_num_hidden_layers", "num_mtp_modules", "_num_mtp_layers", "num_mtp_layers",
    "mtp_num_layers",
)  # fmt: skip
TOWERS = ("vision_config", "audio_config", "vision_tower_config", "visual", "vit_config")


def read_head(fields: Fields, layers: list[Layer]) -> Layer:
    """The blocks of the head for multi-token prediction: attention and experts, or the dense block; none without one."""
    number = fields.first(*MTP_KEYS, minimum=0)
    for key in (*MTP_KEYS, "mtp_layers_block_type"):
        fields.data.get(key)  # some say it under two names
    if not number:
        return ()
    mixers = [block for layer in layers for block in layer if block.mixes == "tokens" and not block.recurrent]
    whole = [block for block in mixers if getattr(block, "window", None) is None]
    channels = [block for layer in layers for block in layer if block.mixes == "channels"]
    experts = [block for block in channels if isinstance(block, Experts)]
    return (*(whole or mixers)[-1:], *(experts or channels)[-1:])


def lookup_parameters(fields: Fields, layers: int) -> float:
    """Parameters of tables that every layer looks its inputs up in (Gemma-4 E)."""
    size = fields.count("hidden_size_per_layer_input") or 0
    return float(size * layers * (fields.count("vocab_size_per_layer_input") or 0))


def tower_parameters(data: Mapping[str, Any]) -> float:
    """Parameters of the layers of vision and audio towers, from their sizes; 0 where a config states none."""
    return sum(_tower(data[key]) for key in TOWERS if isinstance(data.get(key), Mapping))


def _tower(config: Mapping[str, Any]) -> float:
    """Layers · (4·d² + matrices·d·f), and the mergers of Qwen's towers; the projection of patches is left out."""
    width = _number(config, "hidden_size", "embed_dim", "d_model", "width", "vt_hidden_size")
    depth = _number(config, "num_hidden_layers", "depth", "encoder_layers", "layers", "vt_num_hidden_layers")
    inner = (
        _number(config, "intermediate_size", "encoder_ffn_dim", "mlp_dim", "vt_intermediate_size")
        or 4 * width
    )
    gated = str(config.get("hidden_act", "")) in ("silu", "swiglu") or config.get("use_swiglu_ffn") is True
    gated |= str(config.get("model_type", "")).startswith("gemma4")
    merged = width * _number(config, "spatial_merge_size") ** 2
    taps = config.get("deepstack_visual_indexes")
    mergers = 1 + (len(taps) if isinstance(taps, list) else 0)
    out = _number(config, "out_hidden_size")
    layers = depth * (4 * width**2 + (3 if gated else 2) * width * inner)
    return float(layers + (mergers * (merged**2 + merged * out) if merged and out else 0))


def _number(config: Mapping[str, Any], *keys: str) -> int:
    """The first whole number of reasonable size under these keys; 0 where there is none."""
    return next((config[key] for key in keys if type(config.get(key)) is int and 0 < config[key] < 10**6), 0)
