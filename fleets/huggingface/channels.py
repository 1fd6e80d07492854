"""Which channel mixer every layer has: one small function per spelling that configs have for it."""

from __future__ import annotations

from collections.abc import Callable

from fleets.huggingface.families import Family
from fleets.huggingface.fields import Fields, Kinds

EXPERTS = ("num_local_experts", "n_routed_experts", "num_experts", "moe_num_experts", "num_moe_experts")
ACTIVE = (
    "num_experts_per_tok", "experts_per_token", "moe_topk", "top_k_experts", "num_experts_per_token", "moe_k",
    "moe_top_k", "num_activated_experts",
)  # fmt: skip


def channel_kinds(fields: Fields, family: Family, layers: int) -> Kinds:
    """`dense`, `experts` or `none` for every layer."""
    key = experts_key(fields)
    if key is None and family.mixture == "yes":
        fields.refuse(EXPERTS[0], f"a mixture needs one of {', '.join(EXPERTS)}")
    if key is not None and family.mixture == "no":
        fields.refuse(key, f"experts of model_type {fields.data.get('model_type')!r} are not understood")
    single = _one_block_layers(fields, layers)
    if single is not None:
        return single
    if key is None:
        return ["dense"] * layers
    for other in (*EXPERTS, *ACTIVE):
        fields.data.get(other)  # some say the same under two names
    for spelling in _SPELLINGS:
        found = spelling(fields, layers)
        if found is not None:
            for other in (
                "first_k_dense_replace",
                "moe_layer_freq",
                "decoder_sparse_step",
                "mlp_only_layers",
            ):
                fields.data.get(other)
            return found
    return _by_steps(fields, layers)


def experts_key(fields: Fields) -> str | None:
    """The key that says how many experts there are; None where there are none."""
    return next((key for key in EXPERTS if fields.data.get(key) not in (None, 0, 1, [])), None)


def _one_block_layers(fields: Fields, layers: int) -> Kinds | None:
    """Layers of one block each: Nemotron-H."""
    word, listed = fields.data.get("hybrid_override_pattern"), fields.data.get("layers_block_type")
    if isinstance(word, str) and len(word) == layers:
        return [{"E": "experts", "-": "dense"}.get(letter, "none") for letter in word]
    if isinstance(listed, list) and len(listed) == layers and {"moe", "mlp"} & set(map(str, listed)):
        return [{"moe": "experts", "mlp": "dense"}.get(str(entry), "none") for entry in listed]
    return None


def _mlp_layer_types(fields: Fields, layers: int) -> Kinds | None:
    listed = fields.items("mlp_layer_types")
    if listed is None:
        return None
    words = {"dense": "dense", "sparse": "experts", "moe": "experts"}
    if len(listed) != layers or not {str(word) for word in listed} <= set(words):
        fields.refuse("mlp_layer_types", f"must be {layers} entries of dense or sparse")
        return ["experts"] * layers
    return [words[str(word)] for word in listed]


def _moe_layers_enum(fields: Fields, layers: int) -> Kinds | None:
    """Step: the layers with experts, as text."""
    text = fields.data.get("moe_layers_enum")
    if text is None:
        return None
    numbers = [part.strip() for part in str(text).split(",")]
    if not all(number.isdigit() for number in numbers):
        fields.refuse("moe_layers_enum", "must be numbers of layers with commas between them")
        return ["experts"] * layers
    return _listed({int(number) for number in numbers}, layers)


def _moe_layers(fields: Fields, layers: int) -> Kinds | None:
    """Llama 4: the layers with experts."""
    listed = fields.items("moe_layers")
    return None if listed is None else _listed({n for n in listed if type(n) is int}, layers)


def _interleave(fields: Fields, layers: int) -> Kinds | None:
    step = fields.count("interleave_moe_layer_step", minimum=1)
    return None if step is None else _listed({n for n in range(layers) if (n + 1) % step == 0}, layers)


def _expert_layer_period(fields: Fields, layers: int) -> Kinds | None:
    """Jamba: experts once in a period."""
    period = fields.count("expert_layer_period", minimum=1)
    if period is None:
        return None
    offset = fields.count("expert_layer_offset") or 0
    return _listed({n for n in range(layers) if n % period == offset}, layers)


def _first_to_last(fields: Fields, layers: int) -> Kinds | None:
    """ERNIE-4.5: from one layer to another, at an interval."""
    first = fields.count("moe_layer_start_index")
    if first is None:
        return None
    last = fields.data.get("moe_layer_end_index")
    last = layers - 1 if last in (None, -1) else fields.count("moe_layer_end_index") or 0
    every = fields.count("moe_layer_interval", minimum=1) or 1
    chosen = {n for n in range(layers) if first <= n <= last and (n + 1) % every == 0}
    return _listed(chosen, layers)


_SPELLINGS: tuple[Callable[[Fields, int], Kinds | None], ...] = (
    _mlp_layer_types, _moe_layers_enum, _moe_layers, _interleave, _expert_layer_period, _first_to_last,
)  # fmt: skip


def _by_steps(fields: Fields, layers: int) -> Kinds:
    """First layers that are dense, a step or a list of which layers have experts: all that are stated hold."""
    dense = {n for n in fields.items("mlp_only_layers") or [] if type(n) is int}
    first = fields.first("first_k_dense_replace", "num_dense_layers", "n_dense_layers", minimum=0) or 0
    step = fields.count("decoder_sparse_step", minimum=1) or 1
    frequency = fields.data.get("moe_layer_freq", 1)
    if isinstance(frequency, list):
        if len(frequency) != layers:
            fields.refuse("moe_layer_freq", f"has {len(frequency)} entries for {layers} layers")
            return ["experts"] * layers
        chosen = {n for n in range(layers) if frequency[n]}
    else:
        every = fields.count("moe_layer_freq", minimum=1) or 1
        chosen = {n for n in range(layers) if n % every == 0}
    return _listed({n for n in chosen if n >= first and n not in dense and (n + 1) % step == 0}, layers)


def _listed(experts: set[int], layers: int) -> Kinds:
    return ["experts" if layer in experts else "dense" for layer in range(layers)]
