"""Hugging Face configs: every shape that is understood is read exactly, everything else is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fleets import catalog
from fleets.errors import CatalogError
from fleets.huggingface import read_config
from formulations.physics import parameters

LLAMA: dict[str, Any] = {
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}
MIXTRAL = {
    **LLAMA,
    "model_type": "mixtral",
    "num_local_experts": 8,
    "num_experts_per_tok": 2,
    "sliding_window": None,
}
QWEN_MOE = {
    **LLAMA,
    "model_type": "qwen3_moe",
    "head_dim": 128,
    "num_experts": 128,
    "num_experts_per_tok": 8,
    "moe_intermediate_size": 768,
    "decoder_sparse_step": 1,
    "mlp_only_layers": [],
}
DEEPSEEK = {
    **LLAMA,
    "model_type": "deepseek_v3",
    "num_key_value_heads": 32,
    "n_routed_experts": 256,
    "n_shared_experts": 1,
    "num_experts_per_tok": 8,
    "moe_intermediate_size": 2048,
    "first_k_dense_replace": 3,
    "moe_layer_freq": 1,
    "kv_lora_rank": 512,
    "q_lora_rank": 1536,
    "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64,
    "v_head_dim": 128,
    "num_nextn_predict_layers": 1,
}
LLAMA4_TEXT = {
    **LLAMA,
    "model_type": "llama4_text",
    "head_dim": 128,
    "num_local_experts": 16,
    "num_experts_per_tok": 1,
    "intermediate_size_mlp": 16384,
    "interleave_moe_layer_step": 2,
    "attention_chunk_size": 8192,
}


def refusal(config: dict[str, Any]) -> str:
    with pytest.raises(CatalogError) as caught:
        read_config(config, "m")
    return str(caught.value)


def test_grouped_query_attention() -> None:
    model = read_config(LLAMA, "m")
    # 32·4096·128·2·(32+8) + 32·3·4096·14336 + 2·128256·4096
    assert (
        parameters.count(model, catalog.assumption_set("default").choices).total
        == 1_342_177_280 + 5_637_144_576 + 1_050_673_152
    )
    assert (model.attention.kv_heads, model.attention.head_dim, model.weight_precision) == (8, 128, "bf16")


def test_multi_head_where_the_family_means_it_by_silence() -> None:
    silent = {key: value for key, value in LLAMA.items() if key != "num_key_value_heads"}
    assert read_config(silent, "m").attention.kv_heads == 32
    assert "num_key_value_heads = missing: is needed" in refusal({**silent, "model_type": "qwen2"})


def test_a_mixture() -> None:
    block = read_config(MIXTRAL, "m").feed_forward
    assert (block.experts, block.active_experts, block.d_ff, block.shared_experts, block.dense_layers) == (
        8,
        2,
        14336,
        0,
        0,
    )


@pytest.mark.parametrize(
    ("change", "dense"),
    [
        ({}, 0),
        ({"decoder_sparse_step": 2}, 16),
        ({"mlp_only_layers": [0, 5]}, 2),
        ({"decoder_sparse_step": 2, "mlp_only_layers": [0, 1]}, 17),  # layer 0 is dense by its step already
    ],
)
def test_dense_layers_among_experts(change: dict[str, Any], dense: int) -> None:
    block = read_config({**QWEN_MOE, **change}, "m").feed_forward
    assert (block.d_ff, block.dense_layers, block.dense_d_ff) == (768, dense, 14336 if dense else None)


def test_a_mixture_whose_layers_are_all_dense_is_dense() -> None:
    block = read_config({**QWEN_MOE, "mlp_only_layers": list(range(32))}, "m").feed_forward
    assert (block.experts, block.d_ff) == (1, 14336)


def test_latent_attention_with_shared_expert_and_first_dense_layers() -> None:
    model = read_config(DEEPSEEK, "m")
    attention, block = model.attention, model.feed_forward
    assert (attention.kind, attention.kv_rank, attention.query_rank, attention.rope_dim) == (
        "mla",
        512,
        1536,
        64,
    )
    assert (block.shared_experts, block.dense_layers, block.dense_d_ff, block.d_ff) == (1, 3, 14336, 2048)
    assert "multi-token prediction" in model.note
    assert (
        read_config({**DEEPSEEK, "moe_layer_freq": 2}, "m").feed_forward.dense_layers == 18
    )  # 4, 6, … 30 remain
    assert read_config({**DEEPSEEK, "q_lora_rank": None}, "m").attention.query_rank is None


def test_multimodal_configs_are_read_by_their_text_model() -> None:
    model = read_config(
        {"model_type": "llama4", "text_config": LLAMA4_TEXT, "vision_config": {"hidden_size": 1}}, "m"
    )
    block = model.feed_forward
    assert (block.experts, block.shared_experts, block.dense_layers, block.dense_d_ff) == (16, 1, 16, 16384)
    # every fourth of 32 layers attends to everything, the others within their chunk
    assert (model.attention.window_tokens, model.attention.windowed_layers) == (8192, 24)
    assert "vision encoder is left out" in model.note


@pytest.mark.parametrize(
    ("change", "window", "layers"),
    [
        ({"model_type": "mistral", "sliding_window": 4096}, 4096, 32),
        ({"model_type": "mistral", "sliding_window": None}, None, 0),
        ({"model_type": "qwen2", "sliding_window": 4096, "use_sliding_window": False}, None, 0),
        (
            {
                "model_type": "qwen2",
                "sliding_window": 4096,
                "use_sliding_window": True,
                "max_window_layers": 28,
            },
            4096,
            4,
        ),
        ({"model_type": "gemma2", "head_dim": 128, "sliding_window": 4096}, 4096, 16),
        (
            {
                "model_type": "gemma3_text",
                "head_dim": 128,
                "sliding_window": 1024,
                "sliding_window_pattern": 6,
            },
            1024,
            27,
        ),
        (
            {"sliding_window": 128, "layer_types": ["sliding_attention", "full_attention"] * 16},
            128,
            16,
        ),
    ],
)
def test_windows(change: dict[str, Any], window: int | None, layers: int) -> None:
    attention = read_config({**LLAMA, **change}, "m").attention
    assert (attention.window_tokens, attention.windowed_layers) == (window, layers)


def test_parallel_residuals_and_ungated_blocks() -> None:
    falcon = {**LLAMA, "model_type": "falcon", "new_decoder_architecture": True, "num_kv_heads": 8}
    for key in ("num_key_value_heads", "intermediate_size"):
        falcon.pop(key)
    model = read_config(falcon, "m")
    assert model.attention.parallel and model.attention.kv_heads == 8
    assert (model.feed_forward.input_matrices, model.feed_forward.d_ff) == (1, 4 * 4096)
    assert read_config({**falcon, "new_decoder_architecture": False}, "m").attention.kv_heads == 1
    assert read_config({**LLAMA, "model_type": "cohere"}, "m").attention.parallel
    neox = {**LLAMA, "model_type": "gpt_neox", "use_parallel_residual": False}
    assert not read_config(neox, "m").attention.parallel


def test_tied_embeddings_by_statement_and_by_family() -> None:
    assert read_config({**LLAMA, "tie_word_embeddings": True}, "m").tied_embeddings
    silent = {key: value for key, value in LLAMA.items() if key != "tie_word_embeddings"}
    assert not read_config(silent, "m").tied_embeddings
    assert read_config({**silent, "model_type": "gemma", "head_dim": 128}, "m").tied_embeddings


@pytest.mark.parametrize(
    ("quantization", "precision"),
    [
        (None, "bf16"),
        ({"quant_method": "fp8", "fmt": "e4m3"}, "fp8"),
        ({"quant_method": "mxfp4"}, "mxfp4"),
        ({"quant_method": "awq", "bits": 4}, "int4"),
        ({"quant_method": "gptq", "bits": 8}, "int8"),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, "nvfp4"),
        (
            {
                "quant_method": "compressed-tensors",
                "config_groups": {"group_0": {"weights": {"num_bits": 8, "type": "float"}}},
            },
            "fp8",
        ),
    ],
)
def test_precision_of_the_checkpoint(quantization: dict[str, Any] | None, precision: str) -> None:
    model = read_config({**LLAMA, "quantization_config": quantization}, "m")
    assert model.weight_precision == precision
    assert model.embedding_weight_precision == (None if quantization is None else "bf16")


def test_attention_that_is_kept_wider() -> None:
    quantization = {
        "quant_method": "mxfp4",
        "modules_to_not_convert": ["model.layers.*.self_attn", "lm_head"],
    }
    assert (
        read_config({**LLAMA, "quantization_config": quantization}, "m").attention_weight_precision == "bf16"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "of-next-year"}, "model_type = 'of-next-year': is not understood, nor whether"),
        ({"model_type": None}, "model_type = None: is not understood"),
        ({"mamba_d_state": 128}, "mamba_d_state = 128: state-space (Mamba) layers cannot be expressed"),
        (
            {"linear_num_key_heads": 16},
            "linear_num_key_heads = 16: linear-attention layers cannot be expressed",
        ),
        ({"attn_type_list": [0, 1]}, "attn_type_list = [0, 1]: has 2 entries for 32 layers"),
        ({"attn_type_list": [2] * 32}, "must be entries of 0 or 1, one per layer"),
        ({"hybrid_override_pattern": "MX"}, "must be a word of the letters M, *, E and -"),
        ({"layer_types": ["rwkv"] * 32}, "layers of type rwkv are not understood"),
        ({"index_topk": 2048}, "index_topk = 2048: sparse attention"),
        (
            {"layer_types": ["linear_attention"] * 32},
            "says nothing of the sizes of its linear-attention layers",
        ),
        ({"layer_types": ["full_attention"] * 31}, "has 31 entries for 32 layers"),
        ({"sliding_window": 4096}, "sliding_window = 4096: which layers are windowed is not said"),
        ({"num_experts": 8}, "num_experts = 8: experts of model_type 'llama' are not understood"),
        ({"intermediate_size": [1, 2]}, "intermediate_size = [1, 2]: must be one whole number"),
        ({"num_key_value_heads": 7}, "num_key_value_heads = 7: must divide the 32 query heads"),
        ({"hidden_size": 4100}, "head_dim = missing: is needed: hidden_size 4100 is not a multiple"),
        (
            {"quantization_config": {"quant_method": "bitsandbytes"}},
            "quant_method = 'bitsandbytes': is not understood",
        ),
        ({"torch_dtype": "float8"}, "torch_dtype = 'float8'"),
        ({"mlp_class": "SomeMLP"}, "mlp_class = 'SomeMLP': is not one of"),
        ({"tie_word_embeddings": "no"}, "tie_word_embeddings = 'no': must be true or false"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(change: dict[str, Any], message: str) -> None:
    assert message in refusal({**LLAMA, **change})


def test_all_missing_fields_come_together() -> None:
    found = refusal({"model_type": "llama"})
    for key in ("num_hidden_layers", "hidden_size", "num_attention_heads", "intermediate_size", "vocab_size"):
        assert f"{key} = missing" in found
    assert "num_experts_per_tok = None: is needed" in refusal({**QWEN_MOE, "num_experts_per_tok": None})
    assert "exceeds the 128 experts" in refusal({**QWEN_MOE, "num_experts_per_tok": 129})
    assert "a mixture needs one of" in refusal({**QWEN_MOE, "num_experts": None})


def test_files_and_names(tmp_path: Path) -> None:
    folder = tmp_path / "My-Model 8B"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(LLAMA))
    assert read_config(folder / "config.json").name == "My-Model-8B"
    (folder / "config.json").write_text(json.dumps({**LLAMA, "_name_or_path": "meta-llama/Llama-3.1-8B"}))
    assert read_config(folder / "config.json").name == "Llama-3.1-8B"
    with pytest.raises(CatalogError, match=r"cannot be read"):
        read_config(folder / "nothing.json")
    (folder / "list.json").write_text("[1]")
    with pytest.raises(CatalogError, match=r"expected the keys and values of a Hugging Face config"):
        read_config(folder / "list.json")


# Conversions leave out what the original says: the windowed layers of Gemma 2 and Falcon's parallel attention.
SUPPLEMENTS = {
    "google--gemma-2-27b": {"layer_types": ["sliding_attention", "full_attention"] * 23},
    "tiiuae--falcon-180B": {"parallel_attention": True},
    "meta-llama--Llama-3.3-70B-Instruct": {"vocab_size": 128256},
    "zai-org--GLM-4.7-FP8": {"quantization_config": {"quant_method": "compressed-tensors", "config_groups": {
        "group_0": {"targets": ["Linear"], "weights": {"type": "float", "num_bits": 8}}}}},
}  # fmt: skip


def test_every_config_gives_its_entry_of_the_catalogue(shared_data: Path) -> None:
    files = sorted((shared_data / "hf_configs").glob("*.json"))
    assert len(files) == 28
    for path in files:
        config = json.loads(path.read_text()) | SUPPLEMENTS.get(path.stem, {})
        organisation, _, model = path.stem.partition("--")
        shipped = catalog.architecture(model if organisation == "palm" else f"{organisation}/{model}")
        read = read_config(config, shipped.name)
        assert set(read.stack) == set(shipped.stack), path.stem
        for field in ("depth", "d_model", "vocabulary", "tied_embeddings"):
            assert getattr(read, field) == getattr(shipped, field), (path.stem, field)
        assert read.weight_precision == shipped.weight_precision, path.stem


def test_a_conversion_without_its_windows_is_refused(shared_data: Path) -> None:
    config = json.loads((shared_data / "hf_configs" / "google--gemma-2-27b.json").read_text())
    assert read_config(config, "m").attention == catalog.architecture("gemma-2-27b").attention
    del config["_litgpt"]
    with pytest.raises(CatalogError, match=r"sliding_window = 4096: which layers are windowed is not said"):
        read_config(config, "m")


def test_gated_recurrences() -> None:
    config = {
        "model_type": "recurrent_gemma", "hidden_size": 2560, "num_hidden_layers": 26, "intermediate_size": 15360,
        "num_attention_heads": 10, "num_key_value_heads": 1, "head_dim": 256, "lru_width": 2560, "conv1d_width": 4,
        "attention_window_size": 2048, "block_types": ["recurrent", "recurrent", "attention"], "vocab_size": 256000,
    }  # fmt: skip
    read, shipped = read_config(config, "m"), catalog.architecture("google/recurrentgemma-2b")
    widths = [block.model_copy(update={"width": None}) for _, block in read.stack if block.recurrent]
    assert widths == [block for _, block in shipped.stack if block.recurrent]
    assert (read.depth, read.tied_embeddings, read.note) == (26, True, "")
    assert "block_types" in refusal({**config, "block_types": ["recurrent", "rwkv"]})
