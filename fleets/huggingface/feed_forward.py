"""Channel mixers of a config: the sizes of dense blocks, and of experts with shared ones."""

from __future__ import annotations

from fleets.huggingface.channels import ACTIVE, EXPERTS, experts_key
from fleets.huggingface.families import Family
from fleets.huggingface.fields import Fields
from fleets.schema.blocks import Dense, Experts

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
    routed, active = fields.required(key), fields.required(*ACTIVE)
    d_ff = fields.required(*_EXPERT_WIDTH)
    for other in ("intermediate_size", "intermediate_size_mlp"):
        fields.data.get(other)  # of dense layers, which there may be none of
    shared, shared_d_ff = _shared(fields, family, d_ff)
    idle = fields.count("zero_expert_num") or 0
    if active > routed + idle:
        active_key = next((name for name in ACTIVE if fields.has(name)), ACTIVE[0])
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
