"""Which channel mixer every layer has, and its sizes: dense blocks, and experts with shared ones."""

from __future__ import annotations

from collections.abc import Callable

from fleets.huggingface.families import Family
from fleets.huggingface.fields import Fields
from fleets.schema.blocks import Dense, Experts

Kinds = list[str]
EXPERTS = ("num_local_experts", "n_routed_experts", "num_experts", "moe_num_experts", "num_moe_experts")
_ACTIVE = (
    "num_experts_per_tok", "experts_per_token", "moe_topk", "top_k_experts", "num_experts_per_token", "moe_k",
    "moe_top_k", "num_activated_experts",
)  # fmt: skip
_EXPERT_WIDTH = (
    "moe_intermediate_size",
    "expert_ffn_hidden_size",
    "expert_intermediate_size",
    "intermediate_size",
)
_DENSE_WIDTH = (
    "intermediate_size_mlp",
    "dense_intermediate_size",
    "intermediate_size",
    "ffn_hidden_size",
    "n_inner",
)
_SHARED = ("n_shared_experts", "num_shared_experts", "num_shared_expert", "moe_num_shared_experts")
_SHARED_WIDTH = (
    "shared_expert_intermediate_size", "moe_shared_expert_intermediate_size", "shared_intermediate_size",
    "share_expert_dim",
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
    for other in (*EXPERTS, *_ACTIVE):
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


def read_dense(fields: Fields, gated: bool, width: int) -> Dense:
    """A dense block; of the widest that the config states, as its family means it."""
    if fields.data.get("model_type") == "falcon" and not fields.has("intermediate_size"):
        d_ff = fields.count("ffn_hidden_size", minimum=1) or 4 * width
    elif experts_key(fields) is None and fields.has("shared_intermediate_size"):
        d_ff = fields.required("shared_intermediate_size")  # Granite-4 without experts
    else:
        stated = fields.first(*_DENSE_WIDTH)
        d_ff = _adjusted(fields, fields.required("intermediate_size") if stated is None else stated)
    if fields.has("lru_width"):
        d_ff //= 2  # RecurrentGemma states both input matrices together
    return Dense(d_ff=d_ff, input_matrices=2 if gated else 1)


def _adjusted(fields: Fields, d_ff: int) -> int:
    """LFM2: two thirds of what is stated, rounded up."""
    if not fields.flag("block_auto_adjust_ff_dim", False):
        return d_ff
    factor = fields.data.get("block_ffn_dim_multiplier")
    adjusted = int(2 * d_ff / 3)
    adjusted = int(factor * adjusted) if isinstance(factor, int | float) and factor > 0 else adjusted
    multiple = fields.count("block_multiple_of", minimum=1) or 256
    return -(-adjusted // multiple) * multiple


def read_experts(fields: Fields, family: Family, gated: bool) -> Experts | None:
    """The mixture; None after a refusal."""
    before = len(fields.problems)
    key = experts_key(fields) or EXPERTS[0]
    routed, active = fields.required(key), fields.required(*_ACTIVE)
    d_ff = fields.required(*_EXPERT_WIDTH)
    for other in ("intermediate_size", "intermediate_size_mlp"):
        fields.data.get(other)  # of dense layers, which there may be none of
    shared, shared_d_ff = _shared(fields, family, d_ff)
    idle = fields.count("zero_expert_num") or 0
    if active > routed + idle:
        active_key = next((name for name in _ACTIVE if fields.has(name)), _ACTIVE[0])
        fields.refuse(active_key, f"exceeds the {routed} experts")
    if len(fields.problems) > before:
        return None
    return Experts(
        d_ff=d_ff,
        input_matrices=2 if gated else 1,
        experts=routed,
        active_experts=active,
        shared_experts=shared,
        shared_d_ff=None if shared_d_ff == d_ff else shared_d_ff,
        zero_experts=idle,
        latent_dim=fields.first("moe_latent_size", "routed_expert_hidden_size"),
    )


def _shared(fields: Fields, family: Family, d_ff: int) -> tuple[int, int | None]:
    """Number of shared experts and the size of one."""
    number, size = fields.first(*_SHARED, minimum=0), fields.first(*_SHARED_WIDTH, minimum=0)
    if size is not None and number is not None and number > 1 and size not in (0, d_ff):
        key = next(key for key in _SHARED_WIDTH if fields.has(key))
        fields.refuse(key, f"is not known to be of one or of all {number} shared experts")
    if size:
        return number or 1, size
    number = family.shared_experts if number is None else number
    return number, None
