"""Modules of a checkpoint by the part they play, and the one precision that the modules of each part have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from fleets.schema.architectures import WeightPrecision

Role = Literal["matrices", "attention", "shared experts", "head", "other", "all"]
_ROLES: tuple[tuple[str, Role], ...] = (
    (r"vision|visual|mm_projector|audio|\bmtp\b|mtp\.", "other"),
    (r"lm_head|embed", "head"),
    (r"attn|attention", "attention"),
    (r"shared_expert", "shared experts"),
    (r"(?:^|\.)(?:gate|router|e_score_correction_bias)(?:\.weight)?$", "other"),
    (r"mlp|expert|feed_forward|ffn|block_sparse_moe|(?:gate|up|down)_proj", "matrices"),
    (r"^(?:Linear|re:\.\*)$", "all"),
)


@dataclass(frozen=True)
class Assigned:
    """Precision of the feed-forward matrices, None where it is not one that is understood; attention's, where it has its
    own."""

    matrices: WeightPrecision | None
    attention: WeightPrecision | None = None


def role_of(module: str) -> Role:
    """What a module's name, or a pattern of names, is part of."""
    return next((role for pattern, role in _ROLES if re.search(pattern, module)), "other")


def assigned(modules: Iterable[tuple[str, WeightPrecision | None]]) -> Assigned:
    """Precision by part from precision by module; attention that no module speaks of is in 16 bits."""
    found: dict[Role, set[WeightPrecision | None]] = {}
    for module, precision in modules:
        found.setdefault(role_of(module), set()).add(precision)
    everything = found.get("all", set())
    matrices = found.get("matrices", everything) | found.get("shared experts", set())
    attention = found.get("attention", everything)
    if len(matrices) != 1 or len(attention) > 1 or None in attention:
        return Assigned(None)
    one = next(iter(matrices))
    own: WeightPrecision | None = next(iter(attention)) if attention else "bf16"
    return Assigned(one, None if own == one else own)
