"""Shapes of model cards, typed from their config.json: totals as published, to their digits."""

from __future__ import annotations

from typing import Any

import pytest

from fleets import catalog
from fleets.huggingface import read_config
from formulations.physics import parameters

WINDOWS = {"sliding_window": 4096, "sliding_window_pattern": 4}
HYBRID = {"mamba_n_heads": 128, "mamba_d_head": 64, "mamba_d_state": 128, "mamba_n_groups": 1, "mamba_d_conv": 4,
          "mamba_expand": 2}  # fmt: skip
CONVOLUTIONS = [4, 4, 4, 4, 3]
"""LFM2-8B: layers from one with attention to the next, after two convolutions."""


def shape(
    model_type: str,
    width: int,
    d_ff: int,
    layers: int,
    heads: int,
    kv_heads: int,
    vocabulary: int,
    **more: Any,
) -> dict[str, Any]:
    return {
        "model_type": model_type, "hidden_size": width, "intermediate_size": d_ff, "num_hidden_layers": layers,
        "num_attention_heads": heads, "num_key_value_heads": kv_heads, "vocab_size": vocabulary, **more,
    }  # fmt: skip


def experts(number: int, active: int, d_ff: int, **more: Any) -> dict[str, Any]:
    return {"num_experts": number, "num_experts_per_tok": active, "moe_intermediate_size": d_ff, **more}


LATENT = {"kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128}
KDA = {"kda_layers": [n for n in range(1, 28) if n % 4 and n != 27], "full_attn_layers": [4, 8, 12, 16, 20, 24, 27],
       "head_dim": 128, "num_heads": 32, "short_conv_kernel_size": 4}  # fmt: skip
SHAPES: dict[str, tuple[float, dict[str, Any]]] = {
    "Gemma 3 27B": (27.0, shape("gemma3_text", 5376, 21504, 62, 32, 16, 262208, head_dim=128, sliding_window=1024,
                                sliding_window_pattern=6)),
    "Granite 4.0 H Small": (32.2, shape(
        "granitemoehybrid", 4096, 768, 40, 32, 8, 100352, num_local_experts=72, num_experts_per_tok=10,
        shared_intermediate_size=1536, tie_word_embeddings=True, **HYBRID,
        layer_types=["attention" if n % 10 == 5 else "mamba" for n in range(40)])),
    "Granite 4.0 Micro": (3.4, shape("granitemoehybrid", 2560, 8192, 40, 40, 8, 100352, num_local_experts=0,
                                     shared_intermediate_size=8192, tie_word_embeddings=True, **HYBRID,
                                     layer_types=["attention"] * 40)),
    "ERNIE 4.5 300B": (300, shape(
        "ernie4_5_moe", 8192, 28672, 54, 64, 8, 103424, moe_num_experts=64, moe_k=8, moe_intermediate_size=3584,
        moe_layer_start_index=3, moe_layer_end_index=53, moe_layer_interval=1, moe_num_shared_experts=0)),
    "Hunyuan A13B": (80.4, shape("hunyuan_v1_moe", 4096, 3072, 32, 32, 8, 128167, head_dim=128, num_experts=64,
                                 moe_topk=[8] * 32, moe_intermediate_size=[3072] * 32, num_shared_expert=[1] * 32,
                                 tie_word_embeddings=True)),
    "Ling 1T": (1000, shape("bailing_moe_v2", 8192, 18432, 80, 64, 8, 157184, head_dim=128,
                            **experts(256, 8, 2048, num_shared_experts=1, first_k_dense_replace=4))),
    "Seed OSS 36B": (36.2, shape("seed_oss", 5120, 27648, 64, 80, 8, 155136, head_dim=128)),
    "Command A": (111, shape("cohere2", 12288, 36864, 64, 96, 8, 256000, head_dim=128, **WINDOWS)),
    "Apertus 70B": (70.6, shape("apertus", 8192, 43008, 80, 64, 8, 131072)),
    "MiniMax Text 01": (456, shape("minimax_text_01", 6144, 9216, 80, 64, 8, 200064, head_dim=128,
                                   num_local_experts=32, num_experts_per_tok=2,
                                   attn_type_list=([0] * 7 + [1]) * 10)),
    "Kimi Linear 48B": (49.1, shape("kimi_linear", 2304, 9216, 27, 32, 32, 163840, linear_attn_config=KDA, **LATENT,
                                    **experts(256, 8, 1024, num_shared_experts=1, first_k_dense_replace=1))),
    "LFM2 8B": (8.34, shape(
        "lfm2_moe", 2048, 7168, 24, 32, 8, 65536, conv_L_cache=3, num_dense_layers=2, **experts(32, 4, 1792),
        layer_types=["conv", "conv", *(kind for n in CONVOLUTIONS for kind in ["full_attention"] + ["conv"] * (n - 1)),
                     "full_attention", "conv", "conv"])),
    "Qwen3 Next 80B": (79.7, shape(
        "qwen3_next", 2048, 5120, 48, 16, 2, 151936, head_dim=256, full_attention_interval=4,
        linear_conv_kernel_dim=4, linear_key_head_dim=128, linear_value_head_dim=128, linear_num_key_heads=16,
        linear_num_value_heads=32, **experts(512, 10, 512, shared_expert_intermediate_size=512))),
    "DeepSeek V2": (236, shape("deepseek_v2", 5120, 12288, 60, 128, 128, 102400, q_lora_rank=1536, **LATENT,
                               n_routed_experts=160, n_shared_experts=2, num_experts_per_tok=6,
                               moe_intermediate_size=1536, first_k_dense_replace=1)),
    "Phi 4 mini": (3.84, shape("phi3", 3072, 8192, 32, 24, 8, 200064, tie_word_embeddings=True)),
    "OLMoE": (6.92, shape("olmoe", 2048, 1024, 16, 16, 16, 50304, num_experts=64, num_experts_per_tok=8)),
    "AFM 4.5B": (4.62, shape("arcee", 2560, 18432, 36, 20, 4, 128005, head_dim=128)),
    "Jamba 1.5 Large": (398, shape(
        "jamba", 8192, 24576, 72, 64, 8, 65536, num_experts=16, num_experts_per_tok=2, expert_layer_period=2,
        expert_layer_offset=1, attn_layer_period=8, attn_layer_offset=4, mamba_d_state=16, mamba_d_conv=4,
        mamba_expand=2, mamba_dt_rank=512)),
    "Bamba 9B": (9.78, shape("bamba", 4096, 14336, 32, 32, 8, 128256, attn_layer_indices=[9, 18, 27], **HYBRID)),
    "Nemotron 4 340B": (340, shape("nemotron", 18432, 73728, 96, 96, 8, 256000, head_dim=192)),
    "StarCoder2 15B": (15.96, shape("starcoder2", 6144, 24576, 40, 48, 4, 49152, tie_word_embeddings=False)),
    "Mistral Nemo 12B": (12.25, shape("mistral", 5120, 14336, 40, 32, 8, 131072, head_dim=128)),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_the_total_is_as_published(name: str) -> None:
    published, config = SHAPES[name]
    model = read_config(config, "m")  # embeddings are tied where its family ties them, or it says so
    counts = parameters.count(model, catalog.assumption_set("default").choices)
    assert counts.total / 1e9 == pytest.approx(published, rel=0.005)
