"""Layers of a config: the blocks of every layer, in order."""

from __future__ import annotations

from fleets.huggingface.attention import read_attention
from fleets.huggingface.block_configs import read_block_configs
from fleets.huggingface.channels import channel_kinds
from fleets.huggingface.families import Family
from fleets.huggingface.feed_forward import read_dense, read_experts
from fleets.huggingface.fields import Fields
from fleets.huggingface.patterns import token_kinds
from fleets.huggingface.recurrent import READERS, read_recurrent
from fleets.schema.blocks import Block, Dense, Layer

ATTENTION = ("full", "sliding", "chunked", "sparse")


def read_layers(fields: Fields, family: Family, gated: bool, layers: int, width: int) -> list[Layer] | None:
    """Blocks by layer; None after a refusal (recorded in `fields`)."""
    if fields.has("block_configs"):
        return read_block_configs(fields, layers, width)
    before = len(fields.problems)
    tokens, channels = token_kinds(fields, family, layers), channel_kinds(fields, family, layers)
    if len(fields.problems) > before:
        return None
    mixers = _token_blocks(fields, family, layers, width, tokens)
    feed_forward = _channel_blocks(fields, family, gated, width, channels)
    if mixers is None or feed_forward is None:
        return None
    found = [(*mixers[n], *feed_forward[n]) for n in range(layers)]
    return [_twice(fields, layer, width) for layer in found] if fields.has("zero_expert_num") else found


def _token_blocks(
    fields: Fields, family: Family, layers: int, width: int, kinds: list[str]
) -> list[Layer] | None:
    """Token mixers by layer: one, none, or Mamba beside attention (Falcon-H1)."""
    attends = [kind in ATTENTION or kind.isdigit() for kind in kinds]
    attention = read_attention(fields, family, layers, width, kinds) if any(attends) else []
    made: dict[str, Block | None] = {}
    for kind in sorted(set(kinds) & set(READERS)):
        made[kind] = read_recurrent(fields, family, kind, width)
    beside = None
    if fields.data.get("model_type") == "falcon_h1":
        beside = read_recurrent(fields, family, "mamba", width, parallel=True)
    if attention is None or None in made.values() or fields.problems:
        return None
    rest = iter(attention)
    found: list[Layer] = []
    for number, kind in enumerate(kinds):
        own: Block | None = next(rest) if attends[number] else made.get(kind)
        found.append(tuple(block for block in (beside, own) if block is not None))
    return found


def _channel_blocks(
    fields: Fields, family: Family, gated: bool, width: int, kinds: list[str]
) -> list[Layer] | None:
    """Channel mixers by layer: dense, experts, both side by side (Gemma-4), or none."""
    before = len(fields.problems)
    together = fields.flag("enable_moe_block", False)
    experts = read_experts(fields, family, gated) if "experts" in kinds else None
    needs_dense = "dense" in kinds or together
    dense = read_dense(fields, gated, width) if needs_dense else None
    if len(fields.problems) > before:
        return None
    beside = None if dense is None else dense.model_copy(update={"parallel": True})
    made: dict[str, Layer] = {
        "none": (),
        "dense": () if dense is None else (dense,),
        "experts": tuple(b for b in (beside if together else None, experts) if b is not None),
    }
    narrow = _per_layer_inputs(fields)
    wide = _double_wide(fields, dense, len(kinds))
    return [(*wide.get(n, made[kind]), *narrow) for n, kind in enumerate(kinds)]


def _per_layer_inputs(fields: Fields) -> Layer:
    """Gemma-4 E: a table of inputs for every layer (`lookup_parameters`), and three narrow matrices with each."""
    size = fields.count("hidden_size_per_layer_input") or 0
    return (Dense(d_ff=size, input_matrices=2, parallel=True),) if size else ()


def _double_wide(fields: Fields, dense: Dense | None, layers: int) -> dict[int, Layer]:
    """Gemma-4 E: layers that share a cache have blocks of twice the width."""
    shared = fields.count("num_kv_shared_layers") or 0
    if dense is None or not fields.flag("use_double_wide_mlp", False):
        return {}
    wide = dense.model_copy(update={"d_ff": 2 * dense.d_ff})
    return dict.fromkeys(range(layers - shared, layers), (wide,))


def _twice(fields: Fields, layer: Layer, width: int) -> Layer:
    """LongCat: attention and a dense block twice in a layer, experts beside the second."""
    attention = [block for block in layer if block.mixes == "tokens"]
    experts = [block for block in layer if block.mixes == "channels"]
    dense = Dense(d_ff=fields.required("ffn_hidden_size"))
    return (*attention, dense, *attention, dense, *experts)
