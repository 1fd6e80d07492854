"""The gate on the output of attention."""

from __future__ import annotations

from typing import Literal

from fleets.huggingface.families import Family
from fleets.huggingface.fields import Fields

Gate = Literal["none", "heads", "full"]


def read_gate(fields: Fields, family: Family) -> Gate:
    """Whether attention has a gate on its output, by any of the keys that say so."""
    for key in ("attn_output_gate", "attention_output_gate", "mla_use_output_gate"):
        if fields.has(key):
            return "full" if fields.flag(key, True) else "none"
    if fields.flag("use_head_wise_attn_gate", False):
        return "heads"
    gating = fields.data.get("gating")
    if gating not in (None, False):
        return "heads" if gating in (True, "per-head", "per_head") else "full"
    return family.output_gate
