"""What the model types of Hugging Face mean where a config does not say it: gating, windows, defaults.

Each fact is the behaviour of the model class of that `model_type` in the transformers library (4.57,
Apache-2.0). A type that is not here is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Windows = Literal["none", "all", "upper", "alternate", "pattern", "listed", "chunked"]
Shared = Literal["none", "llama4", "qwen2", "deepseek", "size"]


@dataclass(frozen=True)
class Family:
    """Facts of one model type."""

    gated: bool = True
    """Feed-forward block with two input matrices."""
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
    mixture: bool = False
    """The type has routed experts."""
    shared: Shared = "none"
    """How the config states shared experts."""


def _gemma(windows: Windows) -> Family:
    return Family(tied=True, head_dim_from_width=False, windows=windows)


FAMILIES: dict[str, Family] = {
    "llama": Family(heads_are_kv_heads=True),
    "mistral": Family(windows="all"),
    "ministral": Family(windows="listed"),
    "mixtral": Family(windows="all", mixture=True),
    "qwen2": Family(windows="upper"),
    "qwen3": Family(windows="upper", head_dim_from_width=False),
    "qwen2_moe": Family(windows="upper", mixture=True, shared="qwen2"),
    "qwen3_moe": Family(windows="upper", head_dim_from_width=False, mixture=True),
    "deepseek_v2": Family(mixture=True, shared="deepseek"),
    "deepseek_v3": Family(mixture=True, shared="deepseek"),
    "kimi_k2": Family(mixture=True, shared="deepseek"),
    "glm4": Family(head_dim_from_width=False),
    "glm4_moe": Family(head_dim_from_width=False, mixture=True, shared="deepseek"),
    "minimax_m2": Family(head_dim_from_width=False, mixture=True, shared="size"),
    "gpt_oss": Family(head_dim_from_width=False, windows="listed", mixture=True),
    "llama4_text": Family(head_dim_from_width=False, windows="chunked", mixture=True, shared="llama4"),
    "gemma": _gemma("none"),
    "gemma2": _gemma("alternate"),
    "gemma3_text": _gemma("pattern"),
    "phi3": Family(windows="all"),
    "phi": Family(gated=False, parallel=True, heads_are_kv_heads=True),
    "starcoder2": Family(gated=False, tied=True, windows="all"),
    "gpt_neox": Family(gated=False, heads_are_kv_heads=True),
    "falcon": Family(gated=False, tied=True),
    "cohere": Family(parallel=True, tied=True),
    "cohere2": Family(parallel=True, tied=True, windows="pattern"),
    "olmo2": Family(),
    "granite": Family(heads_are_kv_heads=True),
    "palm": Family(tied=True, head_dim_from_width=False),
}

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
    ("mamba_", "state-space (Mamba) layers"),
    ("ssm_", "state-space layers"),
    ("linear_", "linear-attention layers"),
    ("rwkv", "recurrent layers"),
    ("hybrid_", "hybrid layers"),
    ("layers_block_type", "hybrid layers"),
    ("lightning_", "linear-attention layers"),
    ("index_topk", "sparse attention with an indexer"),
    ("compress_ratio", "compressed attention"),
    ("block_configs", "blocks of different shapes"),
)
"""Beginnings of keys that announce layers which the schema cannot express."""
