"""Feed-forward block of a config: dense, or experts with shared ones and with dense layers among them."""

from __future__ import annotations

from fleets.huggingface.families import Family
from fleets.huggingface.fields import Fields
from fleets.schema.uniform import FeedForward

_EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts")
_ACTIVE = ("num_experts_per_tok", "experts_per_token", "moe_topk")


def read_feed_forward(
    fields: Fields, family: Family, gated: bool, layers: int, width: int
) -> FeedForward | None:
    """The feed-forward block; None after a refusal (recorded in `fields`)."""
    inputs, before = 2 if gated else 1, len(fields.problems)
    experts = next((key for key in _EXPERTS if fields.has(key)), None)
    if experts is None and family.mixture:
        fields.refuse(_EXPERTS[0], f"a mixture needs one of {', '.join(_EXPERTS)}")
    if experts is not None and not family.mixture:
        fields.refuse(experts, f"experts of model_type {fields.data.get('model_type')!r} are not understood")
    mixture_layers = _mixture_layers(fields, layers) if family.mixture else 0
    if len(fields.problems) > before:
        return None
    if experts is None or mixture_layers == 0:
        return FeedForward(d_ff=_dense_width(fields, width), input_matrices=inputs)
    routed, active = fields.required(experts), fields.required(*_ACTIVE)
    d_ff = fields.required("moe_intermediate_size", "intermediate_size")
    shared, shared_d_ff = _shared(fields, family, d_ff)
    dense_layers = layers - mixture_layers
    dense_key = "intermediate_size_mlp" if family.shared == "llama4" else "intermediate_size"
    dense_d_ff = fields.required(dense_key) if dense_layers else None
    if active > routed:
        fields.refuse(_ACTIVE[0], f"exceeds the {routed} experts")
    if fields.problems:
        return None
    return FeedForward(
        d_ff=d_ff,
        input_matrices=inputs,
        experts=routed,
        active_experts=active,
        shared_experts=shared,
        shared_d_ff=shared_d_ff,
        dense_layers=dense_layers,
        dense_d_ff=dense_d_ff,
    )


def _dense_width(fields: Fields, width: int) -> int:
    if fields.data.get("model_type") == "falcon" and not fields.has("intermediate_size"):
        return fields.count("ffn_hidden_size", minimum=1) or 4 * width
    return fields.required("intermediate_size")


def _shared(fields: Fields, family: Family, d_ff: int) -> tuple[int, int | None]:
    """Number of shared experts and their size where it differs from the routed ones."""
    if family.shared == "llama4":
        return 1, None
    if family.shared == "deepseek":
        return fields.count("n_shared_experts") or 0, None
    key = {"qwen2": "shared_expert_intermediate_size", "size": "shared_intermediate_size"}.get(family.shared)
    size = fields.count(key) if key else None
    return (1, None if size == d_ff else size) if size else (0, None)


def _mixture_layers(fields: Fields, layers: int) -> int:
    """How many layers have experts, from whichever keys say so."""
    has_experts = [True] * layers
    listed = fields.items("moe_layers")
    if listed is not None:
        has_experts = [layer in listed for layer in range(layers)]
    elif fields.has("interleave_moe_layer_step"):
        step = fields.required("interleave_moe_layer_step")
        has_experts = [(layer + 1) % step == 0 for layer in range(layers)]
    only_dense = fields.items("mlp_only_layers") or []
    step = fields.count("decoder_sparse_step", minimum=1) or 1
    first = fields.count("first_k_dense_replace") or 0
    frequency = fields.data.get("moe_layer_freq", 1)
    if isinstance(frequency, list):
        if len(frequency) != layers:
            fields.refuse("moe_layer_freq", f"has {len(frequency)} entries for {layers} layers")
            return layers
        by_frequency = [bool(entry) for entry in frequency]
    else:
        every = fields.count("moe_layer_freq", minimum=1) or 1
        by_frequency = [layer % every == 0 for layer in range(layers)]
    return sum(
        has_experts[layer]
        and by_frequency[layer]
        and layer >= first
        and layer not in only_dense
        and (layer + 1) % step == 0
        for layer in range(layers)
    )
