"""Layers with a window where no list says which: by what their family means by one."""

from __future__ import annotations

from fleets.huggingface.families import Family
from fleets.huggingface.fields import Fields, Kinds


def by_window(fields: Fields, family: Family, layers: int) -> Kinds:
    """Layers with a window by what their family means by one."""
    everywhere = ["full"] * layers
    window = fields.first("sliding_window", "sliding_window_size")
    if window is None or not fields.flag("use_sliding_window", family.windows != "upper"):
        fields.first("max_window_layers", minimum=0)
        return everywhere
    if family.windows == "all":
        return ["sliding"] * layers
    if family.windows == "upper":
        first = fields.required("max_window_layers")
        return ["full" if layer < first else "sliding" for layer in range(layers)]
    if family.windows == "alternate":
        return ["full" if layer % 2 else "sliding" for layer in range(layers)]
    if family.windows == "pattern":
        key = "_sliding_window_pattern" if fields.has("_sliding_window_pattern") else "sliding_window_pattern"
        every = fields.required(key)
        return ["full" if (layer + 1) % every == 0 else "sliding" for layer in range(layers)]
    fields.refuse("sliding_window", "which layers are windowed is not said; layer_types is needed")
    return everywhere
