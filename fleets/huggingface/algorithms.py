"""Quantisers' settings as precisions: by method, by algorithm, by group of modules, by module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fleets.huggingface.modules import Assigned, assigned
from fleets.schema.architectures import WeightPrecision

_BY_BITS: dict[tuple[str, int], WeightPrecision] = {
    ("float", 8): "fp8", ("int", 8): "int8", ("int", 4): "int4", ("float", 4): "nvfp4",
}  # fmt: skip
_MODELOPT: dict[str, WeightPrecision] = {
    "FP8": "fp8", "FP8_PB_WO": "fp8", "FP8_PER_CHANNEL_PER_TOKEN": "fp8", "NVFP4": "nvfp4", "NVFP4_AWQ": "nvfp4",
    "W4A16_NVFP4": "nvfp4", "W4A8_NVFP4_FP8": "nvfp4", "W4A16_AWQ": "int4", "W4A8_AWQ": "int4", "INT4_AWQ": "int4",
    "INT8_SQ": "int8", "W8A8_SQ": "int8", "W8A16": "int8", "MXFP4": "mxfp4", "W4A8_MXFP4_FP8": "mxfp4",
    "MXFP8": "fp8",
}  # fmt: skip


def by_algorithm(settings: Mapping[str, Any], mixture: bool) -> Assigned | None:
    """Precision by role; None where the method is not understood."""
    method, algorithm = settings.get("quant_method"), settings.get("quant_algo")
    layers = settings.get("quantized_layers")
    if isinstance(layers, Mapping) and algorithm == "MIXED_PRECISION":
        return _by_module(layers, "fp8" if method == "fp8" else None, mixture)
    if method in ("fp8", "fbgemm_fp8"):
        return Assigned("fp8")
    if method == "mxfp4":
        return Assigned("mxfp4")
    if method in ("gptq", "awq", "auto-round"):
        return Assigned(_by_bits("int", settings.get("bits", settings.get("w_bit"))))
    groups = settings.get("config_groups")
    if algorithm is not None and not isinstance(algorithm, str):
        return None
    if algorithm is not None and algorithm != "MIXED_PRECISION":
        return Assigned(_MODELOPT.get(algorithm))
    if method in ("compressed-tensors", "modelopt", None) and isinstance(groups, Mapping):
        return assigned(
            [
                (
                    str(target),
                    _by_bits(weights.get("type"), weights.get("num_bits"), weights.get("group_size")),
                )
                for group in groups.values()
                for weights in (_weights(group),)
                for target in (_listed(group.get("targets")) if isinstance(group, Mapping) else ())
                or ("Linear",)
            ],
            mixture,
        )
    return None


def _by_module(layers: Mapping[str, Any], others: WeightPrecision | None, mixture: bool) -> Assigned:
    """From a map of modules; `others` is what modules have that it does not name, None: 16 bits."""
    named = [
        (str(module), _MODELOPT.get(str(entry.get("quant_algo"))) if isinstance(entry, Mapping) else None)
        for module, entry in layers.items()
    ]
    found = assigned(named, mixture)
    if others is None:
        return replace(found, by_module=True)
    attention = others if found.attention == "bf16" else found.attention
    return replace(found, attention=attention, dense=others, by_module=True)


def _weights(group: Any) -> Mapping[str, Any]:
    weights = group.get("weights") if isinstance(group, Mapping) else None
    return weights if isinstance(weights, Mapping) else {}


def _by_bits(kind: Any, bits: Any, group: Any = None) -> WeightPrecision | None:
    """By number format and width; 4-bit floats with a scale for each 32 are MXFP4."""
    found = _BY_BITS.get((kind, bits)) if isinstance(kind, str) and type(bits) is int else None
    return "mxfp4" if found == "nvfp4" and group == 32 else found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
