"""Modules of a checkpoint by the part they play, and the one precision that the modules of each part have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from fleets.schema.architectures import WeightPrecision

Role = Literal["matrices", "dense matrices", "attention", "shared experts", "layer", "head", "other", "all"]
_ROLES: tuple[tuple[str, Role], ...] = (
    (r"^(?:Linear|)$", "all"),
    (r"norm(?:$|\.)|norm\d*$|_bias$|\.bias$|indexer", "other"),
    (r"vision|visual|projector|patch_merge|merger|multi_modal|audio|\bmtp\b|mtp\.|eh_proj", "other"),
    (r"lm_head|embed", "head"),
    (r"attn|attention|mamba|mixer\.(?:in|out|[qkvo])_proj|conv1d|\b[qkvo]_proj", "attention"),
    (r"shared_expert_gate|(?:^|[._|(])(?:gate|router|e_score_correction_bias)(?:\.weight)?\)?$", "other"),
    (r"shared_expert", "shared experts"),
    (r"(?:mlp|feed_forward|ffn)\.\(?(?:\w+_proj|gate|up|w[123]|fc[12])\b", "dense matrices"),
    (r"mlp|expert|feed_forward|ffn|block_sparse_moe|(?:gate|up|down|gate_up)_proj", "matrices"),
    (r"layers(?:\.[\d|()]+)?$", "layer"),
)
WIDTH = {"bf16": 16, "fp8": 8, "int8": 8, "fp6": 6, "nvfp4": 4, "mxfp4": 4, "int4": 4, "fp4": 4}
"""Bits of a weight, to know the wider of two."""
_LAYERS = re.compile(r"(?:\blayers|\bh|\bblocks)\.(?:(\d+)(\*?)|\((\d+(?:\|\d+)*)\))(?![\w|()\[])")
_SOME_LAYERS = re.compile(r"(?:\blayers|\bh|\bblocks)\.(?!\.?\*|d[+*]|\[0-9\][+*])[\[(\d]")


@dataclass(frozen=True)
class Assigned:
    """Precision of the feed-forward matrices (of a mixture, its experts), None where it is not one that is understood;
    those of token mixers, and of a mixture's dense layers and shared experts, where they have their own."""

    matrices: WeightPrecision | None
    attention: WeightPrecision | None = None
    dense: WeightPrecision | None = None
    by_module: bool = False
    """It was said module by module."""


def role_of(module: str) -> Role:
    """What a module's name, or a pattern of names, is part of."""
    plain = plainly(module)
    return next((role for pattern, role in _ROLES if re.search(pattern, plain)), "other")


def layers_of(module: str, layers: int) -> frozenset[int] | None:
    """Which of the layers a name or a pattern is about, all where it names none; None where that is not understood."""
    words = module.replace("\\", "")
    if re.search(r"\(\?[^:]", words):
        return None
    found = _LAYERS.search(words)
    if found is None:
        return None if _SOME_LAYERS.search(words) else frozenset(range(layers))
    if found[2]:
        return frozenset(number for number in range(layers) if str(number).startswith(found[1]))
    return frozenset(map(int, (found[1] or found[3]).split("|"))) & frozenset(range(layers))


def plainly(module: str) -> str:
    """A pattern as the words in it: `re:.*mlp\\.gate$` and `*mlp.gate` are about `mlp.gate`.

    A regular expression of a file is never run: some take for ever.
    """
    words = module.removeprefix("re:").removeprefix("-:").replace("\\d+", "*").replace("\\", "")
    words = re.sub(r"\[[^\]]*\]|\?:|\.?\*|[\^$+?]", "", words)
    return re.sub(r"\.{2,}", ".", words).strip(".")


def assigned(modules: Iterable[tuple[str, WeightPrecision | None]], mixture: bool) -> Assigned:
    """Precision by part from precision by module; attention that no module speaks of is in 16 bits."""
    found: dict[Role, set[WeightPrecision | None]] = {}
    for module, precision in modules:
        found.setdefault(role_of(module), set()).add(precision)
    everything = found.get("all", set())
    beside = found.get("dense matrices", set()) | found.get("shared experts", set())
    matrices = found.get("matrices", set()) | (set() if mixture else beside) or everything
    attention = found.get("attention", everything)
    if len(matrices) != 1 or len(attention) > 1 or None in attention | beside:
        return Assigned(None)
    one = next(iter(matrices))
    own: WeightPrecision | None = next(iter(attention)) if attention else "bf16"
    dense = max(beside, key=lambda name: WIDTH[name or "bf16"], default=None if everything else "bf16")
    return Assigned(one, None if own == one else own, dense if mixture else None)
