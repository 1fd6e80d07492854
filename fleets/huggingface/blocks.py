"""Blocks of an FP8 checkpoint: `weight_block_size`, or `block_structure` of compressed tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fleets.huggingface.fields import Fields


def read_blocks(fields: Fields, quantization: Any) -> tuple[int, int] | None:
    """Rows and columns that share a scale; None where scales are by tensor or channel, or nothing is quantised."""
    if not isinstance(quantization, Mapping):
        return None
    for key, given in _spellings(quantization):
        if given is None:
            continue
        whole = isinstance(given, list) and all(type(value) is int for value in given)
        if not whole or len(given) != 2 or min(given) < 1:
            fields.problems.append(
                f"{fields.file}: quantization_config.{key} = {given!r}: "
                "must be two whole numbers, such as [128, 128]"
            )
            return None
        return given[0], given[1]
    return None


def _spellings(quantization: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "weight_block_size", quantization.get("weight_block_size")
    groups = quantization.get("config_groups")
    for name, group in groups.items() if isinstance(groups, Mapping) else ():
        weights = group.get("weights") if isinstance(group, Mapping) else None
        if isinstance(weights, Mapping) and weights.get("strategy") == "block":
            yield f"config_groups.{name}.weights.block_structure", weights.get("block_structure")
