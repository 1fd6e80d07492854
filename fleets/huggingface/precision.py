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

from fleets.huggingface.algorithms import by_algorithm
from fleets.huggingface.fields import Fields
from fleets.huggingface.kept import Kept, read_kept
from fleets.schema.architectures import KvPrecision, WeightPrecision
from fleets.schema.blocks import Experts, Layer

_PLAIN = {"bfloat16", "float16", "float32"}
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
    """Precisions of the matrices, and of attention, embedding, KV cache, dense layers and shared experts, and the
    head for multi-token prediction, where they have their own."""

    weights: WeightPrecision = "bf16"
    attention: WeightPrecision | None = None
    embedding: WeightPrecision | None = None
    kv: KvPrecision = "bf16"
    dense: WeightPrecision | None = None
    head: WeightPrecision | None = None
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
    mixture = any(isinstance(block, Experts) for layer in layers for block in layer)
    found = by_algorithm(settings, mixture)
    if found is None or found.matrices is None:
        method = settings.get("quant_method", settings.get("quant_algo"))
        fields.problems.append(
            f"{fields.file}: quantization_config.quant_method = {str(method)[:40]!r}: is not understood; "
            "write the architecture as YAML and name its weight_precision"
        )
        return Precision()
    kept = read_kept(fields, settings, layers)
    if found.by_module:  # what a map does not name is in 16 bits already
        kept = Kept(head=kept.head)
    matrices: WeightPrecision = "bf16" if kept.matrices else found.matrices
    attention = "bf16" if kept.attention else found.attention or found.matrices
    experts = matrices if found.by_module else _experts(fields, matrices)
    dense = "bf16" if kept.dense else (found.dense or matrices) if mixture else experts
    return Precision(
        experts,
        None if attention == experts else attention,
        "bf16",
        _kv(fields, settings),
        None if dense == experts else dense,
        "bf16" if kept.head and experts != "bf16" else None,
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


def _kv(fields: Fields, settings: Mapping[str, Any]) -> KvPrecision:
    """KV cache that a checkpoint was calibrated for: `kv_cache_quant_algo`, or compressed tensors' `kv_cache_scheme`."""
    algorithm, scheme = settings.get("kv_cache_quant_algo"), settings.get("kv_cache_scheme")
    said: KvPrecision | None = "bf16"
    key, value = "kv_cache_quant_algo", algorithm
    if algorithm is not None:
        said = _KV.get(str(algorithm).upper())
    elif isinstance(scheme, str):
        key, value, said = "kv_cache_scheme", scheme, _KV.get(scheme.upper())
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
