"""What a quantiser leaves in 16 bits: the modules that a checkpoint lists as kept, by the part they play and by layer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fleets.huggingface.fields import Fields
from fleets.huggingface.modules import Role, layers_of, plainly, role_of
from fleets.schema.blocks import Dense, Experts, Layer

KEYS = ("modules_to_not_convert", "ignored_layers", "ignore", "exclude_modules")
FEW = 0.1
"""Share of the layers that may be kept in 16 bits and be noted; beyond, memory would be wrong by that share."""
_BOTH = frozenset({"in", "out"})
"""Sides of a feed-forward block. Engines fuse gate and up projections, so these two have one precision."""
_SIDE = {"down": "out", "w2": "out", "fc2": "out"}
_HEAD = re.compile(r"\bmtp\b|mtp[.*]|nextn")
_PROJECTION = re.compile(r"gate|up|down|w[123]|fc[12]")


@dataclass(frozen=True)
class Kept:
    """What is kept in 16 bits in all layers: the feed-forward matrices (of a mixture, its routed experts), attention, a
    mixture's dense layers and shared experts, and beside the layers; and what else is, as a note."""

    matrices: bool = False
    attention: bool = False
    dense: bool = False
    head: bool = False
    """The head for multi-token prediction."""
    note: str = ""


def read_kept(fields: Fields, settings: Mapping[str, Any], layers: list[Layer]) -> Kept:
    """What is kept in 16 bits of a model with these layers.

    Attention that is kept in some layers counts as kept in all, which is never too little. Feed-forward matrices of few
    layers count as quantised and are noted; of more, they are refused, as are names that cannot be understood.
    """
    depth = len(layers)
    routed = {n for n, layer in enumerate(layers) if any(isinstance(block, Experts) for block in layer)}
    mixture, every = bool(routed), routed or set(range(depth))
    side_by_side = mixture and any(isinstance(block, Dense) for n in routed for block in layers[n])
    found: dict[Role, set[int]] = {}
    sides: dict[int, frozenset[str]] = {}
    for module in kept_modules(settings):
        role, about = role_of(module), layers_of(module, depth)
        if role == "matrices" and side_by_side and "expert" not in module:
            role = "dense matrices"  # Gemma-4: `mlp` is the dense block, `experts` stand beside it
        if about is None and role not in ("other", "head"):
            _refuse(fields, f"{module[:60]!r} names layers in a way that is not understood")
            return Kept()
        found.setdefault(role, set()).update(about or ())
        if role == "matrices" or (role == "dense matrices" and not mixture):
            sides |= {layer: sides.get(layer, frozenset()) | _sides(module) for layer in about or ()}
    whole = found.get("layer", set()) | found.get("all", set())
    full = (whole | {layer for layer, both in sides.items() if both == _BOTH}) & every
    some = full | (set(sides) & every)
    everywhere = len(full) >= (1 - FEW) * len(every)
    if len(some) > FEW * len(every) and not everywhere:
        what = "layers are" if full == some else "layers have a feed-forward matrix that is"
        _refuse(fields, f"{len(some)} of {len(every)} {what} kept in 16 bits, which cannot be expressed")
    attention = found.get("attention", set())
    note = ""
    if some and not everywhere:
        note = f"Kept in 16 bits and counted as quantised: layers {', '.join(map(str, sorted(some)))}. "
    mixing = {n for n, layer in enumerate(layers) if any(block.mixes == "tokens" for block in layer)}
    wide = (attention | whole) & mixing
    if attention and len(wide) < len(mixing):
        note += f"Attention of {len(wide)} of {len(mixing)} layers is in 16 bits and counts so in all. "
    beside = found.get("dense matrices") or found.get("shared experts") or whole - every
    head = any(_HEAD.search(module) or _beyond(module, depth) for module in kept_modules(settings))
    return Kept(everywhere, bool(attention) or len(whole) == depth, mixture and bool(beside), head, note)


def _beyond(module: str, depth: int) -> bool:
    """Whether a name is of a layer after the last one, where DeepSeek and GLM keep their head; but for its norms."""
    number = re.search(r"layers\.(\d+)", module)
    if number is None or int(number[1]) < depth:
        return False
    return role_of(module) in ("layer", "matrices", "attention")


def kept_modules(settings: Mapping[str, Any]) -> Iterator[str]:
    """Names and patterns of modules that are left alone; `-:pattern` of GPTQModel's `dynamic` among them."""
    for key in KEYS:
        listed = settings.get(key)
        yield from map(str, listed if isinstance(listed, list) else ())
    dynamic = settings.get("dynamic")
    yield from (
        str(key) for key in (dynamic if isinstance(dynamic, Mapping) else ()) if str(key).startswith("-:")
    )


def _sides(module: str) -> frozenset[str]:
    """Which sides of the feed-forward block a name is about; both, where it names neither."""
    named = _PROJECTION.findall(plainly(module).rsplit(".", 1)[-1])
    return frozenset(_SIDE.get(name, "in") for name in named) or _BOTH


def _refuse(fields: Fields, why: str) -> None:
    fields.problems.append(f"{fields.file}: quantization_config: {why}; write the architecture as YAML")
