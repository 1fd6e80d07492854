"""Precision of a checkpoint by what it quantises: from `quantization_config`, or the `hf_quant_config.json` beside the
config, `expert_dtype` and `torch_dtype`.

Quantisers leave the embedding and the output head alone, and attention where they list it as left out. Unquantised
checkpoints count as bf16: that is how engines serve float16 and float32 ones too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleets.huggingface.fields import Fields
from fleets.huggingface.kept import read_kept
from fleets.huggingface.layers import Layer
from fleets.huggingface.modules import Assigned, assigned
from fleets.schema.architectures import KvPrecision, WeightPrecision
from fleets.schema.blocks import Experts

_PLAIN = {"bfloat16", "float16", "float32"}
_BY_BITS: dict[tuple[str, int], WeightPrecision] = {
    ("float", 8): "fp8", ("int", 8): "int8", ("int", 4): "int4", ("float", 4): "nvfp4",
}  # fmt: skip
_MODELOPT: dict[str, WeightPrecision] = {
    "FP8": "fp8", "FP8_PB_WO": "fp8", "FP8_PER_CHANNEL_PER_TOKEN": "fp8", "NVFP4": "nvfp4", "NVFP4_AWQ": "nvfp4",
    "W4A16_NVFP4": "nvfp4", "W4A8_NVFP4_FP8": "nvfp4", "W4A16_AWQ": "int4", "W4A8_AWQ": "int4", "INT4_AWQ": "int4",
    "INT8_SQ": "int8", "W8A8_SQ": "int8", "W8A16": "int8", "MXFP4": "mxfp4", "W4A8_MXFP4_FP8": "mxfp4",
}  # fmt: skip
_EXPERTS: dict[str, WeightPrecision] = {
    "fp4": "mxfp4",
    "mxfp4": "mxfp4",
    "nvfp4": "nvfp4",
    "fp8": "fp8",
    "int4": "int4",
    "bf16": "bf16",
    "bfloat16": "bf16",
}
_SAID = re.compile(
    r"(?<![a-z0-9])(fp8|nvfp4|mxfp4|fp4|int4|int8|awq|gptq|w4a16|w4a8|w8a8|4bit|8bit)(?![a-z0-9])", re.I
)
_KV: dict[str, KvPrecision] = {"FP8": "fp8", "NVFP4": "fp4", "NONE": "bf16", "": "bf16"}
_SCHEMES: dict[tuple[str, int], KvPrecision] = {
    ("float", 8): "fp8",
    ("float", 4): "fp4",
    ("float", 16): "bf16",
}


@dataclass(frozen=True)
class Precision:
    """Precisions of the matrices, and of attention, embedding, KV cache, dense layers and shared experts where they have
    their own."""

    weights: WeightPrecision = "bf16"
    attention: WeightPrecision | None = None
    embedding: WeightPrecision | None = None
    kv: KvPrecision = "bf16"
    dense: WeightPrecision | None = None
    note: str = ""


def read_precision(
    fields: Fields, quantization: Any, layers: list[Layer], names: tuple[str, ...] = ()
) -> Precision:
    """The precision of a checkpoint. `quantization` is what config.json or hf_quant_config.json says, None where neither
    does; a name among `names` that says one then is refused, because bf16 would be two to four times too much."""
    if quantization is None:
        return _unquantised(fields, names)
    if not isinstance(quantization, Mapping):
        fields.problems.append(f"{fields.file}: quantization_config must be a mapping")
        return Precision()
    settings = quantization.get("quantization")
    settings = {**quantization, **settings} if isinstance(settings, Mapping) else dict(quantization)
    found = _assigned(settings)
    if found is None or found.matrices is None:
        method = settings.get("quant_method", settings.get("quant_algo"))
        fields.problems.append(
            f"{fields.file}: quantization_config.quant_method = {str(method)[:40]!r}: is not understood; "
            "write the architecture as YAML and name its weight_precision"
        )
        return Precision()
    kept = read_kept(fields, settings, layers)
    matrices: WeightPrecision = "bf16" if kept.matrices else found.matrices
    attention = "bf16" if kept.attention else found.attention or found.matrices
    experts = _experts(fields, matrices)
    mixture = any(isinstance(block, Experts) for layer in layers for block in layer)
    dense = "bf16" if kept.dense else matrices if mixture else experts
    return Precision(
        experts,
        None if attention == experts else attention,
        "bf16",
        _kv(fields, settings),
        None if dense == experts else dense,
        kept.note,
    )


def _experts(fields: Fields, matrices: WeightPrecision) -> WeightPrecision:
    """Experts may have a type of their own, `expert_dtype`."""
    expert = fields.data.get("expert_dtype")
    if expert is not None and str(expert) not in _EXPERTS:
        fields.refuse("expert_dtype", f"is not one of {', '.join(_EXPERTS)}")
    return _EXPERTS.get(str(expert), matrices)


def _unquantised(fields: Fields, names: tuple[str, ...]) -> Precision:
    said = None if fields.has("expert_dtype") else next(filter(None, map(_SAID.search, names)), None)
    if said is not None:
        fields.problems.append(
            f"{fields.file}: the name says {said[0].upper()} and no file does: there is neither a quantization_config in "
            "it nor an hf_quant_config.json beside it; put that there, or write the architecture as YAML with its "
            "weight_precision"
        )
    stated = fields.data.get("torch_dtype") or fields.data.get("dtype") or "bfloat16"
    dtype = str(stated).removeprefix("torch.")
    if dtype not in _PLAIN:
        fields.refuse("torch_dtype", f"is not one of {', '.join(sorted(_PLAIN))}")
    experts = _experts(fields, "bf16")
    return Precision() if experts == "bf16" else Precision(experts, "bf16", "bf16", dense="bf16")


def _assigned(settings: Mapping[str, Any]) -> Assigned | None:
    """Precision by role; None where the method is not understood."""
    method = settings.get("quant_method")
    if method in ("fp8", "fbgemm_fp8"):
        return Assigned("fp8")
    if method == "mxfp4":
        return Assigned("mxfp4")
    if method in ("gptq", "awq", "auto-round"):
        return Assigned(_by_bits("int", settings.get("bits", settings.get("w_bit"))))
    groups = settings.get("config_groups")
    algorithm = settings.get("quant_algo")
    if algorithm is not None and not isinstance(algorithm, str):
        return None
    layers = settings.get("quantized_layers")
    if isinstance(layers, Mapping) and algorithm == "MIXED_PRECISION":
        return assigned(
            (str(module), _MODELOPT.get(str(entry.get("quant_algo"))) if isinstance(entry, Mapping) else None)
            for module, entry in layers.items()
        )
    if algorithm is not None and algorithm != "MIXED_PRECISION":
        return Assigned(_MODELOPT.get(algorithm))
    if method in ("compressed-tensors", "modelopt", None) and isinstance(groups, Mapping):
        return assigned(
            (str(target), _by_bits(weights.get("type"), weights.get("num_bits")))
            for group in groups.values()
            for weights in (_weights(group),)
            for target in (_listed(group.get("targets")) if isinstance(group, Mapping) else ()) or ("Linear",)
        )
    return None


def _weights(group: Any) -> Mapping[str, Any]:
    weights = group.get("weights") if isinstance(group, Mapping) else None
    return weights if isinstance(weights, Mapping) else {}


def _by_bits(kind: Any, bits: Any) -> WeightPrecision | None:
    return _BY_BITS.get((kind, bits)) if isinstance(kind, str) and type(bits) is int else None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _kv(fields: Fields, settings: Mapping[str, Any]) -> KvPrecision:
    """KV cache that a checkpoint was calibrated for: `kv_cache_quant_algo`, or compressed tensors' `kv_cache_scheme`."""
    algorithm, scheme = settings.get("kv_cache_quant_algo"), settings.get("kv_cache_scheme")
    said: KvPrecision | None = "bf16"
    key, value = "kv_cache_quant_algo", algorithm
    if algorithm is not None:
        said = _KV.get(str(algorithm).upper())
    elif scheme is not None:
        key, value = "kv_cache_scheme", scheme
        kind, bits = (
            (scheme.get("type"), scheme.get("num_bits")) if isinstance(scheme, Mapping) else (None, None)
        )
        said = _SCHEMES.get((kind, bits)) if isinstance(kind, str) and type(bits) is int else None
    if said is None:
        fields.problems.append(
            f"{fields.file}: quantization_config.{key} = {str(value)[:60]!r}: is not understood; "
            "write the architecture as YAML and name its kv_precision"
        )
    return said or "bf16"
