"""Spellings of layers and of blocks that models of 2026 have, beyond those that the oracle's configs show."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from fleets.errors import CatalogError
from fleets.huggingface import read_config
from fleets.schema.architectures import Architecture
from fleets.schema.blocks import Dense, Experts, GroupedQuery, Indexer, KimiDelta, Latent, Lightning, Mamba2

BASE: dict[str, Any] = {
    "hidden_size": 4096, "num_hidden_layers": 8, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
    "intermediate_size": 12288, "vocab_size": 32000, "hidden_act": "silu", "tie_word_embeddings": False,
}  # fmt: skip
MIXTURE = {"num_experts": 64, "num_experts_per_tok": 8, "moe_intermediate_size": 768}


def read(model_type: str, **keys: Any) -> Architecture:
    return read_config({**BASE, "model_type": model_type, **keys}, "m")


def blocks(model: Architecture, kind: type) -> list[Any]:
    return [block for count, block in model.stack for _ in range(count) if isinstance(block, kind)]


def kinds(model: Architecture) -> Counter[str]:
    found: Counter[str] = Counter()
    for count, block in model.stack:
        found[block.summary] += count
    return found


def test_an_unknown_type_is_read_by_its_keys() -> None:
    model = read("of-next-year", **MIXTURE)
    assert len(blocks(model, Experts)) == 8
    assert "Model type of-next-year is not known and was read by its keys." in model.note
    with pytest.raises(CatalogError, match="cross_layer_magic = 3: is not understood, and model_type"):
        read("of-next-year", cross_layer_magic=3)
    with pytest.raises(CatalogError, match="nor whether blocks with hidden_act 'gelu' are gated"):
        read("of-next-year", hidden_act="gelu")
    assert {block.input_matrices for block in blocks(read("of-next-year", hidden_act="relu2"), Dense)} == {1}


@pytest.mark.parametrize(
    ("keys", "windowed"),
    [
        ({"layer_types": ["sliding_attention", "full_attention"] * 4}, 4),
        ({"hybrid_layer_pattern": [0, 1, 1, 1, 1, 0, 1, 1]}, 6),
        ({"sliding_window_pattern": "LLLG"}, 6),
        ({"global_attn_every_n_layers": 4}, 6),
        ({"_litgpt": {"sliding_window_indices": [1, 0] * 4}}, 4),
    ],
)
def test_spellings_of_windows(keys: dict[str, Any], windowed: int) -> None:
    model = read("exaone4", sliding_window=512, **keys)
    assert sum(block.window == 512 for block in blocks(model, GroupedQuery)) == windowed


@pytest.mark.parametrize(
    ("model_type", "keys", "linear"),
    [
        ("minimax_text_01", {"attn_type_list": [0, 0, 0, 1] * 2, **MIXTURE}, 6),
        ("bailing_moe_linear", {"layer_group_size": 4, **MIXTURE}, 6),
        ("bailing_moe_linear", {"layer_group_size": 3, **MIXTURE}, 4),  # what is left over has attention
    ],
)
def test_spellings_of_linear_attention(model_type: str, keys: dict[str, Any], linear: int) -> None:
    assert len(blocks(read(model_type, **keys), Lightning)) == linear


def test_windowed_layers_may_have_heads_of_their_own() -> None:
    mimo = read("mimo_v2_flash", hybrid_layer_pattern=[0, 1] * 4, sliding_window=128, v_head_dim=96, **MIXTURE,
                swa_num_attention_heads=64, swa_num_key_value_heads=4, swa_head_dim=192, swa_v_head_dim=128)  # fmt: skip
    wide, full = {b.query_heads: b for b in blocks(mimo, GroupedQuery)}[64], blocks(mimo, GroupedQuery)[0]
    assert (wide.kv_heads, wide.head_dim, wide.values, wide.window) == (4, 192, 128, 128)
    assert (full.query_heads, full.values, full.window) == (32, 96, None)
    types = ["full_attention", "sliding_attention"] * 4
    step = read("step3p7", layer_types=types, sliding_window=512, **MIXTURE)
    assert {(b.query_heads, b.output_gate) for b in blocks(step, GroupedQuery)} == {
        (32, "heads"),
        (96, "heads"),
    }
    other = {"num_attention_heads": 48, "num_attention_groups": 4, "head_dim": 128}
    said = read("step3p7", layer_types=types, sliding_window=512, attention_other_setting=other, **MIXTURE)
    assert {(b.query_heads, b.kv_heads) for b in blocks(said, GroupedQuery)} == {(32, 8), (48, 4)}


def test_attention_that_reads_the_best_blocks() -> None:
    config = {"sparse_attention_freq": [0, 0, 1, 1] * 2, "sparse_index_dim": 128, "sparse_num_index_heads": 4,
              "sparse_topk_blocks": 16, "sparse_block_size": 128}  # fmt: skip
    model = read("minimax_m3", sparse_attention_config=config, moe_layer_freq=[0, 1] * 4, dense_intermediate_size=9216,
                 num_local_experts=64, num_experts_per_tok=4, moe_intermediate_size=3072)  # fmt: skip
    indexers = [block.indexer for block in blocks(model, GroupedQuery)]
    assert indexers.count(Indexer(heads=4, dim=128, top_tokens=2048, key_bytes=256.0)) == 4
    assert {block.d_ff for block in blocks(model, Dense)} == {9216}


def test_latent_attention_and_delta_rules_with_gates_of_their_own() -> None:
    config = {"kda_layers": [1, 2, 3, 5, 6, 7], "head_dim": 128, "num_heads": 32, "short_conv_kernel_size": 4,
              "use_full_rank_gate": True}  # fmt: skip
    model = read("kimi_linear", linear_attn_config=config, kv_lora_rank=512, q_lora_rank=1536, qk_nope_head_dim=128,
                 qk_rope_head_dim=64, v_head_dim=128, mla_use_output_gate=True, routed_expert_hidden_size=2048,
                 num_shared_experts=2, **MIXTURE)  # fmt: skip
    assert {block.full_gates for block in blocks(model, KimiDelta)} == {"output"}
    assert len(blocks(model, KimiDelta)) == 6
    assert {(block.query_rank, block.output_gate) for block in blocks(model, Latent)} == {(1536, "full")}
    assert {(block.latent_dim, block.shared_experts) for block in blocks(model, Experts)} == {(2048, 2)}


def test_layers_of_one_block() -> None:
    mamba = {
        "mamba_num_heads": 64,
        "mamba_head_dim": 64,
        "ssm_state_size": 128,
        "conv_kernel": 4,
        "n_groups": 8,
    }
    model = read("nemotron_h", hybrid_override_pattern="ME*EM-ME", mlp_hidden_act="relu2", n_routed_experts=64,
                 num_experts_per_tok=8, moe_intermediate_size=768, **mamba)  # fmt: skip
    assert [len(blocks(model, kind)) for kind in (Mamba2, GroupedQuery, Experts, Dense)] == [3, 1, 3, 1]
    assert model.depth == 8


def test_layers_chosen_one_by_one() -> None:
    attention = {"n_heads_in_group": 8, "no_op": False}
    none, ffn = {"no_op": True, "n_heads_in_group": None}, {"ffn_mult": 2.625, "no_op": False}
    config = [{"attention": attention, "ffn": ffn}] * 5 + [{"attention": none, "ffn": {"no_op": True}}] * 3
    model = read("nemotron-nas", block_configs=config, num_key_value_heads=None, intermediate_size=None)
    assert [len(blocks(model, kind)) for kind in (GroupedQuery, Dense)] == [5, 5]
    assert blocks(model, Dense)[0].d_ff == 7168 and blocks(model, GroupedQuery)[0].kv_heads == 4
    with pytest.raises(CatalogError, match=r"attention.replace_with_linear cannot be expressed"):
        read("nemotron-nas", block_configs=[{"attention": {"replace_with_linear": True}, "ffn": ffn}] * 8)


def test_narrow_inputs_and_shared_caches_of_small_gemmas() -> None:
    model = read("gemma4_text", layer_types=["sliding_attention", "full_attention"] * 4, sliding_window=512,
                 hidden_size_per_layer_input=256, vocab_size_per_layer_input=32000, num_kv_shared_layers=2,
                 use_double_wide_mlp=True)  # fmt: skip
    assert model.lookup_parameters == 256 * 8 * 32000
    assert sum(block.shares_cache for block in blocks(model, GroupedQuery)) == 2
    assert Counter(block.d_ff for block in blocks(model, Dense)) == {12288: 6, 24576: 2, 256: 8}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"hybrid_layer_pattern": [0, 2] * 4}, "must be entries of 0 or 1"),
        ({"compress_ratios": [4]}, "must be 8 whole numbers or more"),
        ({"num_attention_heads_per_layer": [32] * 7}, "must be 8 whole numbers"),
        ({"mlp_layer_types": ["sparse"] * 7, **MIXTURE}, "must be 8 entries of dense or sparse"),
        ({"moe_layers_enum": "3,x", **MIXTURE}, "must be numbers of layers"),
        ({"num_experts": [64] * 7 + [32], "num_experts_per_tok": 8}, "must be one whole number"),
        ({"kv_lora_rank": 512, "qk_nope_head_dim": 128, "v_head_dim": 128, "index_topk": 64, "index_n_heads": 4,
          "index_head_dim": 64, "indexer_types": ["full"] * 7}, "must be 8 entries of full or shared"),
        ({"altup_num_inputs": 4}, "alternating updates"),
    ],
)  # fmt: skip
def test_patterns_that_cannot_be_are_refused_by_name(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        read("qwen3_5_moe" if "num_experts" in keys else "exaone4", **keys)


def test_one_number_for_every_layer_may_be_a_list() -> None:
    model = read("hunyuan_v1_moe", num_experts=[64] * 8, moe_topk=[8] * 8, moe_intermediate_size=[768] * 8,
                 num_shared_expert=[1] * 8)  # fmt: skip
    assert {(b.experts, b.active_experts, b.shared_experts) for b in blocks(model, Experts)} == {(64, 8, 1)}


def test_layers_that_are_listed_need_no_keys_of_others() -> None:
    model = read("granitemoehybrid", layer_types=["attention"] * 8, mamba_n_heads=64, mamba_d_state=128)
    assert len(blocks(model, GroupedQuery)) == 8
    with pytest.raises(CatalogError, match=r"cross_attention_layers = .*layers that attend to images"):
        read("mllama_text_model", cross_attention_layers=[3])
