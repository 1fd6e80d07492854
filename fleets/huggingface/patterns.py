"""Which token mixer every layer has: one small function per spelling that configs have for it.

A layer's kinds: `full`, `sliding`, `chunked` attention, `sparse` (attention with a block indexer), those of
`recurrent.READERS`, `none` (a layer of one channel mixer), and a number of tokens for compressed attention.
"""

from __future__ import annotations

from collections.abc import Callable

from fleets.huggingface.families import Family
from fleets.huggingface.fields import Fields, Kinds
from fleets.huggingface.periods import (
    attn_layer_indices,
    attn_layer_period,
    full_attention_interval,
    global_attn_every_n_layers,
    layer_group_size,
    no_rope_layers,
)
from fleets.huggingface.windows import by_window

_WORDS = {
    "full_attention": "full", "attention": "full", "global_attention": "full", "global": "full", "full": "full",
    "deepseek_sparse_attention": "full", "indexed_attention": "full", "attention_layer": "full",
    "sliding_attention": "sliding", "sliding_window_attention": "sliding", "local_attention": "sliding",
    "local": "sliding", "sliding": "sliding", "chunked_attention": "chunked",
    "linear_attention": "linear", "linear": "linear", "kda": "linear", "gated_delta_net": "linear", "gdn": "linear",
    "lightning_attention": "linear", "mamba": "mamba", "mamba2": "mamba", "conv": "conv", "short_conv": "conv",
    "recurrent": "lru", "moe": "none", "mlp": "none", "sparse_attention": "sparse",
}  # fmt: skip
_LETTERS = {"M": "mamba", "*": "full", "E": "none", "-": "none", "L": "sliding", "G": "full"}


_SAME_AGAIN = (
    "full_attention_interval", "layer_group_size", "sliding_window_pattern", "_sliding_window_pattern",
    "global_attn_every_n_layers", "no_rope_layers", "no_rope_layer_interval", "attn_layer_period", "attn_layer_offset",
    "sliding_window", "max_window_layers", "use_sliding_window", "hybrid_override_pattern", "layers_block_type",
)  # fmt: skip


def token_kinds(fields: Fields, family: Family, layers: int) -> Kinds:
    """The kind of every layer; all `full` after a refusal (recorded in `fields`)."""
    for spelling in _SPELLINGS:
        found = spelling(fields, layers)
        if found is not None:
            for key in _SAME_AGAIN:
                fields.data.get(key)  # some say it twice
            return found
    return by_window(fields, family, layers)


def pattern_length(fields: Fields) -> int | None:
    """Layers by a list or a word of them, where a config states no number."""
    for key in ("layers_block_type", "layer_types", "hybrid_override_pattern"):
        value = fields.data.get(key)
        if isinstance(value, list | str) and value:
            return len(value)
    return None


def _layer_types(fields: Fields, layers: int) -> Kinds | None:
    return _words(fields, "layer_types", layers)


def _layers_block_type(fields: Fields, layers: int) -> Kinds | None:
    """Jamba, Granite-4, Nemotron-3."""
    return _words(fields, "layers_block_type", layers)


def _words(fields: Fields, key: str, layers: int) -> Kinds | None:
    listed = fields.items(key)
    if listed is None:
        return None
    strange = sorted({str(word) for word in listed} - set(_WORDS))
    if strange:
        fields.refuse(key, f"layers of type {', '.join(strange)} are not understood")
    return _full_length(fields, key, [_WORDS.get(str(word), "full") for word in listed], layers)


def _hybrid_override_pattern(fields: Fields, layers: int) -> Kinds | None:
    """Nemotron-H: one letter per layer, `M` Mamba, `*` attention, `E` experts, `-` dense."""
    word = fields.data.get("hybrid_override_pattern")
    if word is None:
        return None
    if not isinstance(word, str) or not set(word) <= {"M", "*", "E", "-"}:
        fields.refuse("hybrid_override_pattern", "must be a word of the letters M, *, E and -")
        return ["full"] * layers
    return _full_length(fields, "hybrid_override_pattern", [_LETTERS[letter] for letter in word], layers)


def _hybrid_layer_pattern(fields: Fields, layers: int) -> Kinds | None:
    """MiMo-V2: 1 for layers with a window."""
    return _flags(fields, "hybrid_layer_pattern", layers, {0: "full", 1: "sliding"})


def _attn_type_list(fields: Fields, layers: int) -> Kinds | None:
    """MiniMax-Text-01: 0 for lightning attention."""
    return _flags(fields, "attn_type_list", layers, {0: "linear", 1: "full"})


def _flags(fields: Fields, key: str, layers: int, meaning: dict[int, str]) -> Kinds | None:
    listed = fields.items(key)
    if listed is None:
        return None
    if any(type(flag) is not int or flag not in meaning for flag in listed):
        fields.refuse(key, "must be entries of 0 or 1, one per layer")
        return ["full"] * layers
    return _full_length(fields, key, [meaning[flag] for flag in listed], layers)


def _linear_attn_config(fields: Fields, layers: int) -> Kinds | None:
    """Kimi-Linear: numbers of layers, counted from 1."""
    given = fields.data.get("linear_attn_config")
    if not isinstance(given, dict) or not isinstance(given.get("kda_layers"), list):
        return None
    return ["linear" if layer + 1 in given["kda_layers"] else "full" for layer in range(layers)]


def _compress_ratios(fields: Fields, layers: int) -> Kinds | None:
    """DeepSeek-V4: tokens per compressed entry, 0 for a window alone; one more entry for a draft layer."""
    listed = fields.items("compress_ratios")
    if listed is None:
        return None
    if any(type(ratio) is not int or ratio < 0 for ratio in listed) or len(listed) < layers:
        fields.refuse("compress_ratios", f"must be {layers} whole numbers or more, one per layer")
        return ["full"] * layers
    return [str(ratio) for ratio in listed[:layers]]


def _block_types(fields: Fields, layers: int) -> Kinds | None:
    """RecurrentGemma: a few kinds, repeated; its attention has a window."""
    listed = fields.items("block_types")
    if listed is None:
        return None
    words = {"recurrent": "lru", "attention": "sliding"}
    if not listed or not {str(word) for word in listed} <= set(words):
        fields.refuse("block_types", "must be entries of recurrent or attention")
        return ["full"] * layers
    return [words[str(listed[layer % len(listed)])] for layer in range(layers)]


def _sliding_window_pattern(fields: Fields, layers: int) -> Kinds | None:
    """EXAONE-4: a word of `L` (window) and `G` (all), repeated."""
    word = fields.data.get("sliding_window_pattern")
    if not isinstance(word, str):
        return None
    if not word or not set(word) <= {"L", "G"}:
        fields.refuse("sliding_window_pattern", "must be a word of the letters L and G, or a number")
        return ["full"] * layers
    return [_LETTERS[word[layer % len(word)]] for layer in range(layers)]


def _sliding_window_indices(fields: Fields, layers: int) -> Kinds | None:
    """Conversions by litgpt: 1 for layers with a window."""
    given = fields.data.get("_litgpt")
    if not isinstance(given, dict) or not isinstance(given.get("sliding_window_indices"), list):
        return None
    inner = Fields(given, fields.file)
    found = _flags(inner, "sliding_window_indices", layers, {0: "full", 1: "sliding"})
    fields.problems += inner.problems
    return found


def _sparse_attention_freq(fields: Fields, layers: int) -> Kinds | None:
    """MiniMax-M3: 1 for layers whose attention reads the best blocks."""
    given = fields.data.get("sparse_attention_config")
    if not isinstance(given, dict):
        return None
    inner = Fields(given, fields.file)
    found = _flags(inner, "sparse_attention_freq", layers, {0: "full", 1: "sparse"})
    fields.problems += inner.problems
    return found


_SPELLINGS: tuple[Callable[[Fields, int], Kinds | None], ...] = (
    _layer_types, _layers_block_type, _hybrid_override_pattern, _hybrid_layer_pattern, _attn_type_list,
    _linear_attn_config, _compress_ratios, _block_types, attn_layer_indices, attn_layer_period,
    full_attention_interval, layer_group_size, global_attn_every_n_layers, no_rope_layers,
    _sliding_window_pattern, _sliding_window_indices, _sparse_attention_freq,
)  # fmt: skip


def _full_length(fields: Fields, key: str, kinds: Kinds, layers: int) -> Kinds:
    if len(kinds) != layers:
        fields.refuse(key, f"has {len(kinds)} entries for {layers} layers")
        return ["full"] * layers
    return kinds
