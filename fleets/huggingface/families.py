"""What the model types of Hugging Face mean where a config does not say it: gating, windows, gates, defaults.

Each fact is the behaviour of the model class of that `model_type` in the transformers library (4.57 and 5.24,
Apache-2.0), or of the code beside the checkpoint. A type that is not here is read by its keys, if all of them are
understood.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from fleets.schema.blocks.base import StatePrecision

Windows = Literal["none", "all", "upper", "alternate", "pattern", "listed", "chunked"]
Mixture = Literal["no", "yes", "maybe"]


@dataclass(frozen=True)
class Family:
    """Facts of one model type."""

    gated: bool | None = True
    """Feed-forward block with two input matrices; None: as the activation says."""
    parallel: bool = False
    """Attention and feed-forward in parallel, without a switch in the config."""
    tied: bool = False
    """Value of tie_word_embeddings when the config leaves it out."""
    head_dim_from_width: bool = True
    """hidden_size / heads is the head size when the config leaves it out."""
    heads_are_kv_heads: bool = False
    """Every query head has its KV head when the config leaves num_key_value_heads out."""
    windows: Windows = "none"
    """Which layers a sliding_window applies to."""
    mixture: Mixture = "no"
    """Whether the type has routed experts."""
    shared_experts: int = 0
    """Shared experts where no key says how many."""
    output_gate: Literal["none", "heads", "full"] = "none"
    """Gate on the output of attention where no key says it."""
    full_gates: Literal["none", "output", "both"] = "none"
    """Gates of delta-rule layers that are full matrices."""
    state_precision: StatePrecision = "fp32"
    """Of recurrent states where no key says it."""
    sliding_heads: int | None = None
    """Query heads of layers with a window where no key says it."""
    known: bool = True


def _gemma(windows: Windows) -> Family:
    return Family(tied=True, head_dim_from_width=False, windows=windows)


_MIXTURE = Family(mixture="yes")
_SIZED = Family(head_dim_from_width=False)
_MAYBE = Family(mixture="maybe")

FAMILIES: dict[str, Family] = {
    "llama": Family(heads_are_kv_heads=True),
    "mistral": Family(windows="all"),
    "ministral": Family(windows="listed"),
    "ministral3": Family(windows="all"),
    "mistral4": _MIXTURE,
    "mixtral": Family(windows="all", mixture="yes"),
    "qwen2": Family(windows="upper"),
    "qwen2_vl": Family(windows="upper"),
    "qwen2_vl_text": Family(windows="upper"),
    "qwen2_5_vl": Family(windows="upper"),
    "qwen2_5_vl_text": Family(windows="upper"),
    "qwen3": Family(windows="upper", head_dim_from_width=False),
    "qwen3_vl_text": Family(windows="upper", head_dim_from_width=False),
    "qwen2_moe": Family(windows="upper", mixture="yes"),
    "qwen3_moe": Family(windows="upper", head_dim_from_width=False, mixture="yes"),
    "qwen3_vl_moe_text": Family(head_dim_from_width=False, mixture="yes"),
    "qwen3_omni_moe_text": Family(head_dim_from_width=False, mixture="yes"),
    "qwen3_next": Family(head_dim_from_width=False, mixture="yes", output_gate="full"),
    "qwen3_5": Family(head_dim_from_width=False, output_gate="full"),
    "qwen3_5_text": Family(head_dim_from_width=False, output_gate="full"),
    "qwen3_5_moe": Family(head_dim_from_width=False, mixture="yes", output_gate="full"),
    "qwen3_5_moe_text": Family(head_dim_from_width=False, mixture="yes", output_gate="full"),
    "deepseek_v2": Family(mixture="maybe"),
    "deepseek_v3": Family(mixture="maybe"),
    "deepseek_v32": Family(mixture="yes"),
    "deepseek_v4": Family(mixture="yes", head_dim_from_width=False),
    "deepseek_ref": Family(mixture="yes", head_dim_from_width=False),
    "kimi_k2": _MIXTURE,
    "kimi_linear": _MIXTURE,
    "chatglm": Family(),
    "glm4": _SIZED,
    "glm4_moe": Family(head_dim_from_width=False, mixture="yes"),
    "glm4v_text": Family(),
    "glm4v_moe_text": Family(mixture="yes"),
    "glm4_moe_lite": _MIXTURE,
    "glm_moe_dsa": _MIXTURE,
    "glm5_next_text": _MIXTURE,
    "minimax": Family(mixture="yes"),
    "minimax_text_01": Family(mixture="yes"),
    "minimax_m1": Family(mixture="yes"),
    "minimax_m3": Family(head_dim_from_width=False, mixture="yes"),
    "minimax_m3_vl": Family(head_dim_from_width=False, mixture="yes"),
    "minimax_m2": Family(head_dim_from_width=False, mixture="yes"),
    "gpt_oss": Family(head_dim_from_width=False, windows="listed", mixture="yes"),
    "llama4_text": Family(head_dim_from_width=False, windows="chunked", mixture="yes", shared_experts=1),
    "gemma": _gemma("none"),
    "gemma2": _gemma("alternate"),
    "gemma3_text": _gemma("pattern"),
    "recurrent_gemma": Family(tied=True),
    "gemma4_text": replace(_gemma("listed"), mixture="maybe"),
    "phi3": Family(windows="all"),
    "phimoe": Family(windows="all", mixture="yes"),
    "phi": Family(gated=False, parallel=True, heads_are_kv_heads=True),
    "starcoder2": Family(gated=False, tied=True, windows="all"),
    "gpt_neox": Family(gated=False, heads_are_kv_heads=True),
    "falcon": Family(gated=False, tied=True),
    "falcon_h1": Family(state_precision="bf16"),
    "cohere": Family(parallel=True, tied=True),
    "cohere2": Family(parallel=True, tied=True, windows="pattern"),
    "olmo2": Family(heads_are_kv_heads=True),
    "olmo3": Family(windows="listed", heads_are_kv_heads=True),
    "olmoe": Family(mixture="yes", heads_are_kv_heads=True),
    "flex_olmo": Family(mixture="yes", heads_are_kv_heads=True),
    "granite": Family(heads_are_kv_heads=True),
    "granitemoe": Family(mixture="yes", heads_are_kv_heads=True),
    "granitemoeshared": Family(mixture="yes", heads_are_kv_heads=True),
    "granitemoehybrid": Family(mixture="maybe", heads_are_kv_heads=True),
    "palm": Family(tied=True, head_dim_from_width=False),
    "smollm3": Family(windows="listed", tied=True),
    "exaone": Family(),
    "exaone4": Family(windows="pattern"),
    "exaone4_5_text": Family(windows="pattern"),
    "exaone_moe": Family(windows="pattern", mixture="yes"),
    "iquestcoder": Family(),
    "seed_oss": _SIZED,
    "mimo": Family(windows="upper"),
    "mimo_v2_flash": Family(mixture="yes", head_dim_from_width=False),
    "mimo_v2": Family(mixture="yes", head_dim_from_width=False),
    "nemotron": Family(gated=False),
    "nemotron-nas": Family(),
    "nemotron_h": Family(gated=False, mixture="maybe"),
    "arcee": Family(gated=False),
    "afmoe": Family(mixture="yes", windows="pattern", output_gate="full"),
    "apertus": Family(gated=False),
    "hy_v3": Family(mixture="yes", head_dim_from_width=False),
    "hy_v4": Family(mixture="yes", output_gate="full"),
    "hunyuan_v1_dense": Family(),
    "hunyuan_v1_moe": Family(mixture="yes"),
    "hunyuan": Family(mixture="maybe"),
    "ernie4_5": _SIZED,
    "ernie4_5_moe": Family(mixture="yes"),
    "dots1": _MIXTURE,
    "bailing_moe": _MIXTURE,
    "bailing_moe_v2": _MIXTURE,
    "bailing_hybrid": Family(mixture="yes", full_gates="both"),
    "bailing_moe_linear": _MIXTURE,
    "longcat_flash": _MIXTURE,
    "solar": Family(),
    "solar_open": _MIXTURE,
    "axk1": _MIXTURE,
    "laguna": Family(mixture="yes", windows="listed", output_gate="none"),
    "muse_glimmer_text": Family(windows="listed", output_gate="full"),
    "step3p5": Family(mixture="yes", windows="listed", output_gate="heads", sliding_heads=96),
    "step3p7": Family(mixture="yes", windows="listed", output_gate="heads", sliding_heads=96),
    "lfm2": Family(tied=True),
    "lfm2_moe": Family(tied=True, mixture="yes"),
    "jamba": Family(mixture="yes"),
    "bamba": Family(),
    "internlm2": Family(),
    "internlm3": Family(),
    "baichuan": Family(heads_are_kv_heads=True),
    "stablelm": Family(heads_are_kv_heads=True),
    "persimmon": Family(gated=False, heads_are_kv_heads=True),
    "helium": Family(),
}

UNKNOWN = Family(gated=None, mixture="maybe", windows="listed", known=False)
"""A type that nobody described: everything must be said by keys that are understood."""

CONVERTED_BLOCKS: dict[str, bool] = {
    "LLaMAMLP": True,
    "GemmaMLP": True,
    "GptNeoxMLP": False,
    "swiglu (3 matrices)": True,
}
"""Gated or not, for configs converted from another library that name the block (`mlp_class`, `mlp_type`)."""

CONVERTED = Family(windows="listed", head_dim_from_width=False)
"""Facts of such a converted config: it states everything itself."""

FOREIGN_KEYS = (
    ("rwkv", "recurrent layers of RWKV"),
    ("altup_", "alternating updates (Gemma-3n)"),
    ("laurel_", "low-rank residuals (Gemma-3n)"),
    ("cross_attention_layers", "layers that attend to images"),
    ("use_cla", "caches shared between layers (CLA)"),
    ("mamba_", "state-space (Mamba) layers"),
    ("ssm_", "state-space layers"),
    ("linear_", "linear-attention layers"),
    ("hybrid_", "hybrid layers"),
    ("layers_block_type", "hybrid layers"),
    ("lightning_", "linear-attention layers"),
    ("index_topk", "sparse attention with an indexer"),
    ("compress_ratio", "compressed attention"),
    ("block_configs", "blocks of different shapes"),
    ("per_layer_config", "layers of different shapes"),
)
"""Beginnings of keys that announce other layers: refused where reading had no use for them."""
