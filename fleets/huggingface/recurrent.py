"""Recurrent token mixers of a config: delta rules, Mamba, linear attention, short convolutions."""

from __future__ import annotations

from collections.abc import Callable

from fleets.huggingface.families import Family
from fleets.huggingface.fields import Fields
from fleets.schema.blocks import (
    Block,
    GatedDelta,
    GatedRecurrence,
    KimiDelta,
    Lightning,
    Mamba1,
    Mamba2,
    ShortConvolution,
)
from fleets.schema.blocks.base import StatePrecision

_STATES: dict[str, StatePrecision] = {
    "float32": "fp32",
    "bfloat16": "bf16",
    "float16": "bf16",
    "auto": "fp32",
}


def read_recurrent(
    fields: Fields, family: Family, kind: str, width: int, parallel: bool = False
) -> Block | None:
    """The block of a layer of a kind of `READERS`; None after a refusal."""
    before = len(fields.problems)
    block = READERS[kind](fields, family, width)
    if len(fields.problems) > before:
        return None
    return block.model_copy(update={"parallel": True}) if parallel else block


def _convolution(fields: Fields, family: Family, width: int) -> Block:
    """LFM2."""
    taps = fields.required("conv_L_cache", "conv_kernel_size")
    return ShortConvolution(convolution=taps, width=fields.first("conv_dim"))


def _gated_recurrence(fields: Fields, family: Family, width: int) -> Block:
    """RecurrentGemma."""
    return GatedRecurrence(
        heads=fields.required("num_attention_heads"),
        width=fields.first("lru_width"),
        convolution=fields.required("conv1d_width"),
    )


def _linear(fields: Fields, family: Family, width: int) -> Block:
    """Which linear layers are meant, by the keys that say their sizes."""
    if fields.has("linear_num_value_heads"):
        return GatedDelta(
            key_heads=fields.required("linear_num_key_heads"),
            value_heads=fields.required("linear_num_value_heads"),
            key_dim=fields.required("linear_key_head_dim"),
            value_dim=fields.required("linear_value_head_dim"),
            convolution=fields.required("linear_conv_kernel_dim"),
            state_precision=_state(fields, family, "mamba_ssm_dtype"),
        )
    given = fields.data.get("linear_attn_config")
    if isinstance(given, dict):
        inner = Fields(given, fields.file)
        full = inner.flag("use_full_rank_gate", False)
        block = KimiDelta(
            heads=inner.required("num_heads"),
            head_dim=inner.required("head_dim"),
            convolution=inner.required("short_conv_kernel_size"),
            full_gates="output" if full else family.full_gates,
        )
        fields.problems += inner.problems
        return block
    if fields.has("linear_num_heads"):
        return KimiDelta(
            heads=fields.required("linear_num_heads"),
            head_dim=fields.required("linear_head_dim"),
            convolution=fields.required("linear_conv_kernel_dim"),
            full_gates=family.full_gates,
        )
    if fields.has("attn_type_list") or str(fields.data.get("model_type")).startswith(("minimax", "bailing")):
        heads = fields.required("num_attention_heads")
        head_dim = fields.first("head_dim") or max(width // heads, 1)
        return Lightning(heads=heads, head_dim=head_dim)
    fields.refuse("model_type", "says nothing of the sizes of its linear-attention layers")
    return Lightning(heads=1, head_dim=1)


def _mamba(fields: Fields, family: Family, width: int) -> Block:
    """Mamba-2, or Mamba-1 where no heads are stated."""
    heads, head_dim = (
        fields.first("mamba_num_heads", "mamba_n_heads"),
        fields.first("mamba_head_dim", "mamba_d_head"),
    )
    stated = fields.first("mamba_d_ssm", "mamba_d_inner")
    inner = stated or (fields.count("mamba_expand", minimum=1) or 2) * width
    if heads is None:
        return Mamba1(
            inner=inner,
            state=fields.required("mamba_d_state"),
            step_rank=fields.required("mamba_dt_rank"),
            convolution=fields.required("mamba_d_conv"),
        )
    return Mamba2(
        heads=heads,
        head_dim=head_dim or max(inner // heads, 1),
        groups=fields.first("mamba_n_groups", "n_groups", "mamba_num_groups") or 1,
        state=fields.required("ssm_state_size", "mamba_d_state", "mamba_state_dim"),
        convolution=fields.required("conv_kernel", "mamba_d_conv", "mamba_conv_kernel"),
        state_precision=_state(fields, family, "mamba_ssm_cache_dtype"),
    )


def _state(fields: Fields, family: Family, key: str) -> StatePrecision:
    value = fields.data.get(key)
    if value is None:
        return family.state_precision
    if str(value) not in _STATES:
        fields.refuse(key, f"is not one of {', '.join(_STATES)}")
    return _STATES.get(str(value), "fp32")


READERS: dict[str, Callable[[Fields, Family, int], Block]] = {
    "linear": _linear,
    "mamba": _mamba,
    "conv": _convolution,
    "lru": _gated_recurrence,
}
"""By kind of layer."""
