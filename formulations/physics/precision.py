"""Precision: bytes per stored element by name, and the arithmetic that an accelerator really has for it.

Storage and arithmetic are two things: an A100 stores weights in 8 bits and still multiplies in 16.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fleets.schema.assumptions import AssumptionSet
from formulations.physics.arrays import FloatArray, Numbers, floats
from formulations.physics.machine import Machine

WEIGHT_BYTES: dict[str, float] = {
    "bf16": 2.0,
    "fp8": 1.0,
    "int8": 1.0,
    "fp6": 0.75,
    "fp4": 0.5,
    "int4": 0.5,
    "mxfp4": 4.25 / 8,  # one 8-bit scale per block of 32 (OCP MX 1.0)
    "nvfp4": 4.5 / 8,  # one 8-bit scale per block of 16
}
"""Bytes per weight; block formats include the scales that their definition contains."""

KV_BYTES: dict[str, float] = {"bf16": 2.0, "fp8": 1.0, "fp4": 4.5 / 8}
"""Bytes per element of the KV cache; in 4 bits with one 8-bit scale per 16, as engines keep it (NVFP4)."""

# By weight bits alone (the paper's code): the first of these formats that the accelerator has.
_BY_WEIGHT_BITS: dict[str, tuple[str, ...]] = {
    "bf16": ("bf16",),
    "fp8": ("fp8", "int8", "bf16"),
    "int8": ("int8", "fp8", "bf16"),
    "fp6": ("fp8", "int8", "bf16"),
    "fp4": ("fp4", "fp8", "int8", "bf16"),
    "int4": ("fp4", "int8", "fp8", "bf16"),
    "mxfp4": ("fp4", "fp8", "int8", "bf16"),
    "nvfp4": ("fp4", "fp8", "int8", "bf16"),
}

# By the widest operand: fp8 and int8 are W8A8, nvfp4/fp4 W4A4 where there is 4-bit arithmetic and weight-only
# elsewhere; int4 and fp6 are weight-only (activations, so arithmetic, stay 16-bit).
_BY_WIDEST_OPERAND: dict[str, tuple[str, ...]] = {
    "bf16": ("bf16",),
    "fp8": ("fp8", "bf16"),
    "int8": ("int8", "bf16"),
    "fp6": ("bf16",),
    "fp4": ("fp4", "bf16"),
    "int4": ("bf16",),
    "mxfp4": ("bf16",),
    "nvfp4": ("fp4", "bf16"),
}


@dataclass(frozen=True)
class ArithmeticRate:
    """Sustained FLOP/s of one accelerator: in matrix multiplications with weights, and in attention over
    the KV cache."""

    matrices: FloatArray
    attention: FloatArray


def weight_bytes(names: Sequence[str] | str) -> FloatArray:
    """Bytes per weight of each named precision; shape follows `names`. KeyError on an unknown name."""
    return _lookup(WEIGHT_BYTES, names)


def kept_bytes(weight_bytes: Numbers, kept: str | None) -> FloatArray:
    """Bytes per weight of matrices that the checkpoint keeps in precision `kept`: never narrower than that (gpt-oss
    keeps attention in 16 bits beside 4-bit experts); `weight_bytes` where it keeps none."""
    stored = floats(weight_bytes)
    return stored if kept is None else np.maximum(stored, WEIGHT_BYTES[kept])


def kv_bytes(names: Sequence[str] | str) -> FloatArray:
    """Bytes per KV element of each named precision; shape follows `names`. KeyError on an unknown name."""
    return _lookup(KV_BYTES, names)


def arithmetic_format(formats: Sequence[str] | dict[str, float], weight_precision: str, choice: str) -> str:
    """Arithmetic in which weights of `weight_precision` are multiplied on an accelerator that has
    `formats`."""
    if choice == "widest_operand" and weight_precision == "mxfp4" and "fp4" in formats and "fp8" in formats:
        return "fp8"  # block-scaled 4-bit weights with 8-bit activations run at the 8-bit rate
    table = _BY_WEIGHT_BITS if choice == "weight_bits" else _BY_WIDEST_OPERAND
    return next(name for name in table[weight_precision] if name in formats)


def arithmetic_rate(
    machine: Machine,
    assumptions: AssumptionSet,
    weight_precision: Sequence[str] | str,
    prefill: bool = False,
) -> ArithmeticRate:
    """Sustained FLOP/s by weight precision (shape follows the names); `prefill` takes the prompt-processing
    fraction.

    `arithmetic_rate: weight_bits` gives attention the rate of the weights too (the paper's code);
    `widest_operand` leaves attention in 16 bits, where decode attention kernels accumulate.
    """
    choice = assumptions.choices.arithmetic_rate
    rates = machine.prefill_flops if prefill else machine.flops
    names = [weight_precision] if isinstance(weight_precision, str) else list(weight_precision)
    values = np.array([rates[arithmetic_format(rates, name, choice)] for name in names])
    matrices = values[0] if isinstance(weight_precision, str) else values
    attention = matrices if choice == "weight_bits" else np.full_like(matrices, rates["bf16"])
    return ArithmeticRate(np.asarray(matrices), np.asarray(attention))


def _lookup(table: dict[str, float], names: Sequence[str] | str) -> FloatArray:
    if isinstance(names, str):
        return np.asarray(table[names])
    return np.array([table[name] for name in names])
