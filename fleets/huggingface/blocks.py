"""Blocks of an FP8 checkpoint, from `quantization_config.weight_block_size`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleets.huggingface.fields import Fields


def read_blocks(fields: Fields, quantization: Any) -> tuple[int, int] | None:
    """Rows and columns that share a scale; None where scales are by tensor or channel, or nothing is quantised."""
    if not isinstance(quantization, Mapping):
        return None
    given = quantization.get("weight_block_size")
    if given is None:
        return None
    whole = isinstance(given, list) and all(isinstance(v, int) and not isinstance(v, bool) for v in given)
    if not whole or len(given) != 2 or min(given) < 1:
        fields.problems.append(
            f"{fields.file}: quantization_config.weight_block_size = {given!r}: "
            "must be two whole numbers, such as [128, 128]"
        )
        return None
    return given[0], given[1]
