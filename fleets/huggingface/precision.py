"""Precision of a checkpoint, from `quantization_config` and `torch_dtype`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleets.huggingface.fields import Fields
from fleets.schema.architectures import WeightPrecision

_PLAIN = {"bfloat16", "float16", "float32"}
_BY_BITS: dict[tuple[str, int], WeightPrecision] = {
    ("float", 8): "fp8",
    ("int", 8): "int8",
    ("int", 4): "int4",
    ("float", 4): "nvfp4",
}
_MODELOPT: dict[str, WeightPrecision] = {"FP8": "fp8", "NVFP4": "nvfp4"}


def read_precision(fields: Fields, quantization: Any) -> tuple[WeightPrecision, bool, bool]:
    """Precision of the matrices, and whether attention and embeddings are kept in 16 bits.

    Unquantised checkpoints count as bf16: that is how engines serve float16 and float32 ones too. Quantisers
    leave the embedding and the output head alone, and attention where the config lists it as unconverted.
    """
    if quantization is None:
        dtype = str(fields.data.get("torch_dtype", fields.data.get("dtype", "bfloat16"))).removeprefix(
            "torch."
        )
        if dtype not in _PLAIN:
            fields.refuse("torch_dtype", f"is not one of {', '.join(sorted(_PLAIN))}")
        return "bf16", False, False
    if not isinstance(quantization, Mapping):
        fields.problems.append(f"{fields.file}: quantization_config must be a mapping")
        return "bf16", False, False
    precision = _quantised(quantization)
    if precision is None:
        method = quantization.get("quant_method")
        fields.problems.append(
            f"{fields.file}: quantization_config.quant_method = {method!r}: is not understood; "
            "write the architecture as YAML and name its weight_precision"
        )
        return "bf16", False, False
    skipped: list[str] = []
    for key in ("modules_to_not_convert", "ignored_layers", "ignore", "exclude_modules"):
        skipped += [str(module) for module in quantization.get(key) or []]
    return precision, any("self_attn" in module for module in skipped), True


def _quantised(quantization: Mapping[str, Any]) -> WeightPrecision | None:
    method = quantization.get("quant_method")
    if method == "fp8":
        return "fp8"
    if method == "mxfp4":
        return "mxfp4"
    if method in ("gptq", "awq"):
        return _BY_BITS.get(("int", quantization.get("bits", 0)))
    if method == "modelopt":
        nested = quantization.get("quantization")
        algorithm = quantization.get("quant_algo") or (nested or {}).get("quant_algo")
        return _MODELOPT.get(str(algorithm))
    if method == "compressed-tensors":
        groups = quantization.get("config_groups")
        weights = (
            [group.get("weights") or {} for group in groups.values()] if isinstance(groups, Mapping) else []
        )
        found = {_BY_BITS.get((str(weight.get("type")), weight.get("num_bits", 0))) for weight in weights}
        return found.pop() if len(found) == 1 else None
    return None
