"""How a checkpoint is quantised, wherever it says so: in the config, beside it, by module; and refused where only its
name does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fleets import catalog
from fleets.errors import CatalogError
from fleets.huggingface import read_config
from fleets.schema.architectures import Architecture
from formulations.physics.capacity import weight_bytes_total
from formulations.physics.layout import Layout
from formulations.physics.precision import weight_bytes
from formulations.physics.speculation import head_architecture

LLAMA: dict[str, Any] = {
    "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256, "torch_dtype": "bfloat16",
}  # fmt: skip
NVFP4 = {
    "producer": {"name": "modelopt"},
    "quantization": {"quant_algo": "NVFP4", "kv_cache_quant_algo": "FP8", "exclude_modules": ["lm_head"]},
}  # fmt: skip


def write(
    folder: Path, config: dict[str, Any], beside: dict[str, Any] | None = None, name: str = "config.json"
) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(json.dumps(config))
    if beside is not None:
        stem = "" if name == "config.json" else f"{path.stem}."
        (folder / f"{stem}hf_quant_config.json").write_text(json.dumps(beside))
    return path


@pytest.mark.parametrize("name", ["config.json", "nvidia--Llama-3.1-8B-NVFP4.json"])
def test_the_file_beside_a_config_is_read(tmp_path: Path, name: str) -> None:
    model = read_config(write(tmp_path / "Llama-3.1-8B-NVFP4", LLAMA, NVFP4, name))
    assert (model.weight_precision, model.embedding_weight_precision) == ("nvfp4", "bf16")
    assert (model.attention_weight_precision, model.kv_precision) == (None, "fp8")


def kept(*modules: str, model: dict[str, Any] = LLAMA, **more: Any) -> Architecture:
    """A checkpoint in fp8 that keeps some modules in 16 bits."""
    return read_config(
        {**model, "quantization_config": {"quant_method": "fp8", "ignore": list(modules), **more}}, "m"
    )


@pytest.mark.parametrize(
    ("module", "weights", "attention"),
    [
        ("re:.*self_attn.*", "fp8", "bf16"), ("model.layers.*.self_attn", "fp8", "bf16"),
        ("re:.*mlp.*", "bf16", "fp8"), (r"re:.*mlp\.(gate|up|gate_up|down)_proj.*", "bf16", "fp8"),
        (r"re:.*layers\.\d+\.mlp.*", "bf16", "fp8"), ("re:.*", "bf16", None), ("Linear", "bf16", None),
        ("re:.*lm_head", "fp8", None), (r"re:.*mlp\.gate$", "fp8", None), ("gate", "fp8", None),
        ("e_score_correction_bias", "fp8", None), ("re:.*vision_tower.*", "fp8", None), ("mtp*", "fp8", None),
        ("re:.*router", "fp8", None), ("model.layers.32.*", "fp8", None),
    ],
)  # fmt: skip
def test_modules_that_are_kept_stay_wide(module: str, weights: str, attention: str | None) -> None:
    model = kept(module)
    assert (model.weight_precision, model.attention_weight_precision) == (weights, attention)
    assert not model.note


def test_what_is_kept_in_few_layers_is_said() -> None:
    some = kept("model.layers.0.self_attn.q_proj")
    assert some.attention_weight_precision == "bf16"
    assert "Attention of 1 of 32 layers is in 16 bits and counts so in all." in some.note
    first = kept("model.layers.3.mlp.down_proj", r"re:.*layers\.(0|1)\.mlp.*")
    assert first.weight_precision == "fp8"
    assert "counted as quantised: layers 0, 1, 3." in first.note


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        (["re:.*down_proj"], "32 of 32 layers have a feed-forward matrix that is kept"),
        ([f"model.layers.{n}.mlp" for n in range(9)], "9 of 32 layers are kept"),
        (["model.layers.1*"], "11 of 32 layers are kept"),
        ([r"re:.*layers\.[0-9]\.mlp.*"], "not understood"),
        (["re:(?!.*experts).*"], "not understood"),
    ],
)
def test_what_is_kept_in_many_layers_or_cannot_be_understood_is_refused(
    modules: list[str], message: str
) -> None:
    with pytest.raises(CatalogError, match=message):
        kept(*modules)


def test_a_pattern_that_takes_for_ever_is_not_run() -> None:
    assert kept("re:(a+)+$" + "a" * 200).weight_precision == "fp8"


def test_a_mixtures_dense_layers_and_shared_experts_are_not_its_experts() -> None:
    mixture = {**LLAMA, "model_type": "deepseek_v3", "n_routed_experts": 64, "num_experts_per_tok": 8,
               "moe_intermediate_size": 2048, "n_shared_experts": 1, "first_k_dense_replace": 1, "kv_lora_rank": 512,
               "qk_rope_head_dim": 64, "qk_nope_head_dim": 128, "v_head_dim": 128, "q_lora_rank": 1536}  # fmt: skip
    outside = kept(
        r"re:.*mlp\.(gate|up|gate_up|down)_proj.*", "re:.*shared_experts.*", "re:.*mlp.gate$", model=mixture
    )
    assert (outside.weight_precision, outside.dense_weight_precision) == ("fp8", "bf16")
    assert kept("lm_head", model=mixture).dense_weight_precision is None
    assert kept("model.layers.0.*", model=mixture).dense_weight_precision == "bf16"
    assert kept("re:.*mlp.experts.*", model=mixture).weight_precision == "bf16"


@pytest.mark.parametrize(
    ("said", "kv"),
    [
        ({"kv_cache_quant_algo": None}, "bf16"), ({"kv_cache_quant_algo": "FP8"}, "fp8"),
        ({"kv_cache_quant_algo": "NVFP4"}, "fp4"), ({"kv_cache_scheme": None}, "bf16"),
        ({"kv_cache_scheme": {"type": "float", "num_bits": 8}}, "fp8"),
    ],
)  # fmt: skip
def test_the_kv_cache_that_a_checkpoint_was_made_for(said: dict[str, Any], kv: str) -> None:
    assert kept(**said).kv_precision == kv


@pytest.mark.parametrize(
    "said",
    [{"kv_cache_quant_algo": "INT8"}, {"kv_cache_quant_algo": ["FP8"]}, {"kv_cache_scheme": "int3"},
     {"kv_cache_scheme": {"type": "int", "num_bits": 8}}, {"kv_cache_scheme": {"type": "float", "num_bits": 6}}],
)  # fmt: skip
def test_a_kv_cache_that_is_not_understood_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(CatalogError, match=r"kv_cache_.*is not understood"):
        kept(**said)


@pytest.mark.parametrize(
    ("file", "settings", "weights"),
    [
        ("quantize_config.json", {"bits": 4, "group_size": 128, "desc_act": False}, "int4"),
        (
            "quant_config.json",
            {"zero_point": True, "q_group_size": 128, "w_bit": 4, "version": "GEMM"},
            "int4",
        ),
    ],
)
def test_files_of_older_quantisers_are_read(
    tmp_path: Path, file: str, settings: dict[str, Any], weights: str
) -> None:
    path = write(tmp_path / "Llama-3.1-8B-AWQ", LLAMA)
    path.with_name(file).write_text(json.dumps(settings))
    assert read_config(path).weight_precision == weights


def test_the_older_key_of_compressed_tensors_is_read() -> None:
    groups = {"group_0": {"targets": ["Linear"], "weights": {"type": "float", "num_bits": 8}}}
    model = read_config(
        {**LLAMA, "compression_config": {"config_groups": groups, "ignore": ["lm_head"]}}, "m"
    )
    assert (model.weight_precision, model.attention_weight_precision, model.note) == ("fp8", None, "")


def test_experts_may_be_all_that_is_quantised() -> None:
    model = read_config({**LLAMA, "expert_dtype": "fp4"}, "m-fp4")
    assert (model.weight_precision, model.attention_weight_precision) == ("mxfp4", "bf16")


def test_a_cache_of_hugging_face_keeps_the_repositorys_name(tmp_path: Path) -> None:
    blob = write(tmp_path / "blobs", LLAMA, name="0a1b2c")
    folder = tmp_path / "models--org--Llama-3.1-8B-FP8" / "snapshots" / "77aa"
    folder.mkdir(parents=True)
    (folder / "config.json").symlink_to(blob)
    with pytest.raises(CatalogError, match="the name says FP8 and no file does"):
        read_config(folder / "config.json")
    plain = tmp_path / "models--org--Llama-3.1-8B" / "snapshots" / "77aa"
    plain.mkdir(parents=True)
    (plain / "config.json").symlink_to(blob)
    assert read_config(plain / "config.json").name == "Llama-3.1-8B"


def test_the_catalogues_twins_of_one_shape_have_their_own_precision() -> None:
    assert catalog.architecture("zai-org/GLM-4.7").weight_precision == "bf16"
    assert catalog.architecture("zai-org/GLM-4.7-FP8").weight_precision == "fp8"


@pytest.mark.parametrize("word", ["FP8", "nvfp4", "INT4", "AWQ", "GPTQ", "w4a16"])
def test_a_name_that_says_more_than_the_files_is_refused(tmp_path: Path, word: str) -> None:
    path = write(tmp_path / f"Llama-3.1-8B-{word}", LLAMA)
    with pytest.raises(CatalogError, match=f"the name says {word.upper()} and no file does"):
        read_config(path)
    with pytest.raises(CatalogError, match="no file does"):
        read_config({**LLAMA, "_name_or_path": f"org/Llama-{word}"})
    assert read_config(write(tmp_path / "plain", LLAMA)).weight_precision == "bf16"


@pytest.mark.parametrize("name", ["Llama-Fp8ish", "fp8x", "int48", "paint4"])
def test_other_words_say_nothing(tmp_path: Path, name: str) -> None:
    assert read_config(write(tmp_path / name, LLAMA)).weight_precision == "bf16"


def mixed(*layers: tuple[str, str]) -> dict[str, Any]:
    entries = {
        f"model.layers.{n}.{module}": {"quant_algo": algo} for n in range(32) for module, algo in layers
    }
    return {"quantization": {"quant_algo": "MIXED_PRECISION", "quantized_layers": entries}}


def test_a_map_by_module_gives_each_part_its_precision(tmp_path: Path) -> None:
    both = mixed(
        ("mlp.up_proj", "W4A16_NVFP4"), ("mlp.down_proj", "W4A16_NVFP4"), ("self_attn.q_proj", "FP8")
    )
    model = read_config(write(tmp_path / "m", LLAMA, both))
    assert (model.weight_precision, model.attention_weight_precision) == ("nvfp4", "fp8")
    alone = read_config(write(tmp_path / "n", LLAMA, mixed(("mlp.up_proj", "FP8"))))
    assert (alone.weight_precision, alone.attention_weight_precision) == ("fp8", "bf16")


@pytest.mark.parametrize(
    "beside",
    [
        mixed(("mlp.up_proj", "NVFP4"), ("mlp.down_proj", "FP8")),
        mixed(("mlp.up_proj", "SOMETHING")),
        {"quantization": {"quant_algo": "SOMETHING"}},
        {"quantization": {"quant_algo": ["FP8"]}},
        {"quantization": {"quant_algo": "MIXED_PRECISION"}},
        [],
    ],
)
def test_what_cannot_be_expressed_is_refused(tmp_path: Path, beside: Any) -> None:
    with pytest.raises(CatalogError, match="quantization_config"):
        read_config(write(tmp_path / "m", LLAMA, beside))


def test_groups_of_compressed_tensors_by_target() -> None:
    groups = {
        "group_0": {"targets": ["re:.*mlp.*"], "weights": {"type": "float", "num_bits": 4}},
        "group_1": {"targets": ["re:.*self_attn.*"], "weights": {"type": "float", "num_bits": 8}},
    }
    config = {**LLAMA, "quantization_config": {
        "quant_method": "compressed-tensors", "config_groups": groups,
        "kv_cache_scheme": {"num_bits": 8, "type": "float"},
    }}  # fmt: skip
    model = read_config(config, "m")
    assert (model.weight_precision, model.attention_weight_precision) == ("nvfp4", "fp8")
    assert model.kv_precision == "fp8"


def test_experts_of_their_own_type() -> None:
    config = {**LLAMA, "quantization_config": {"quant_method": "fp8"}, "expert_dtype": "fp4"}
    model = read_config(config, "m")
    assert (model.weight_precision, model.attention_weight_precision) == ("mxfp4", "fp8")
    with pytest.raises(CatalogError, match="expert_dtype"):
        read_config({**config, "expert_dtype": "fp3"}, "m")


def test_many_layers_that_are_left_out_are_refused(tmp_path: Path) -> None:
    few, many = json.loads(json.dumps(NVFP4)), json.loads(json.dumps(NVFP4))
    few["quantization"]["exclude_modules"] += ["model.layers.0*", "model.layers.32*"]
    many["quantization"]["exclude_modules"] += [f"model.layers.{n}.*" for n in range(8)]
    assert "counted as quantised: layers 0" in read_config(write(tmp_path / "few", LLAMA, few)).note
    with pytest.raises(CatalogError, match="8 of 32 layers are kept in 16 bits"):
        read_config(write(tmp_path / "many", LLAMA, many))


def test_keys_that_were_not_used_are_named() -> None:
    model = read_config({**LLAMA, "attention_sink_size": 4, "rope_theta": 1e6, "bos_token_id": 1}, "m")
    assert "Keys not used: attention_sink_size." in model.note
    assert read_config(LLAMA, "m").note == ""


def test_published_checkpoints_of_nvidia(shared_data: Path) -> None:
    folder = shared_data / "hf_configs_2026"
    for name, weights, attention, terabytes in (
        ("DeepSeek-V3.1-NVFP4", "nvfp4", "bf16", 0.40), ("Qwen3-235B-A22B-NVFP4", "nvfp4", None, 0.135),
        ("Llama-3.1-70B-Instruct-FP8", "fp8", None, 0.073),
    ):  # fmt: skip
        model = read_config(folder / f"nvidia--{name}.json")
        assert (model.weight_precision, model.attention_weight_precision) == (weights, attention)
        assert model.kv_precision == "fp8"
        choices = catalog.assumption_set("serving-2026").choices
        held = float(weight_bytes_total(model, choices, Layout.of(1), weight_bytes(weights)))
        assert held / 1e12 == pytest.approx(terabytes, rel=0.05), name


MIXTURE: dict[str, Any] = {
    **LLAMA, "model_type": "qwen3_moe", "head_dim": 128, "num_experts": 64, "num_experts_per_tok": 8,
    "moe_intermediate_size": 768,
}  # fmt: skip


def test_norms_and_indexers_among_kept_modules_are_not_attention() -> None:
    names = ["model.layers.{}.input_layernorm", "model.layers.{}.post_attention_layernorm", "model.layers.{}.mlp.gate",
             "model.layers.{}.self_attn.indexer.k_norm", "model.layers.{}.self_attn.q_a_layernorm"]  # fmt: skip
    model = kept(*(name.format(layer) for name in names for layer in range(32)), model=MIXTURE)
    assert (model.weight_precision, model.attention_weight_precision, model.note) == (
        "fp8", None, "Keys not used: intermediate_size." if "intermediate_size" in model.note else "",
    )  # fmt: skip


def test_a_map_by_module_beside_a_method_changes_what_it_names(tmp_path: Path) -> None:
    # DeepSeek-V4-Flash-NVFP4: experts in nvfp4, everything else as it was, in fp8
    settings = {
        "quant_method": "fp8", "quant_algo": "MIXED_PRECISION", "ignore": ["*.attn.*", "*.ffn.shared_experts.*", "head"],
        "quantized_layers": {f"layers.{n}.ffn.experts": {"quant_algo": "NVFP4"} for n in range(32)},
    }  # fmt: skip
    model = read_config({**MIXTURE, "expert_dtype": "fp4", "quantization_config": settings}, "m")
    assert (model.weight_precision, model.attention_weight_precision) == ("nvfp4", "fp8")
    assert model.dense_weight_precision == "fp8"
    # MiniMax-M3-NVFP4: a map that has everything
    layers = {f"l.{n}.block_sparse_moe.experts.3.w1": {"quant_algo": "NVFP4"} for n in range(32)}
    layers |= {f"l.{n}.self_attn.q_proj": {"quant_algo": "MXFP8"} for n in range(32)}
    layers |= {f"l.{n}.block_sparse_moe.shared_experts.up_proj": {"quant_algo": "MXFP8"} for n in range(32)}
    mixed_all = {
        "quant_algo": "MIXED_PRECISION",
        "quantized_layers": layers,
        "exclude_modules": ["patch_merge_mlp"],
    }
    path = write(tmp_path / "m", MIXTURE, {"quantization": mixed_all})
    again = read_config(path)
    assert (again.weight_precision, again.attention_weight_precision) == ("nvfp4", "fp8")
    assert again.dense_weight_precision == "fp8"


def test_a_dense_block_beside_experts_is_what_mlp_means_there() -> None:
    gemma = {**MIXTURE, "model_type": "gemma4_text", "enable_moe_block": True}
    model = kept("model.layers.*.mlp*", "model.layers.*.router*", model=gemma)
    assert (model.weight_precision, model.dense_weight_precision) == ("fp8", "bf16")


@pytest.mark.parametrize("called", ["m_config.json", "m.json"])
def test_files_side_by_side_in_one_folder(tmp_path: Path, called: str) -> None:
    path = write(tmp_path / "all", LLAMA, None, called)
    beside = "m_hf_quant_config.json" if "_" in called else "m.hf_quant_config.json"
    path.with_name(beside).write_text(json.dumps(NVFP4))
    assert read_config(path).weight_precision == "nvfp4"


def test_a_kv_scheme_may_be_one_word() -> None:
    assert kept(kv_cache_scheme="FP8").kv_precision == "fp8"


@pytest.mark.parametrize(
    ("modules", "head"),
    [(["mtp*"], "bf16"), (["model.layers.32.*"], "bf16"), (["model.layers.32.enorm"], None), ([], None)],
)
def test_the_head_for_multi_token_prediction_may_stay_wide(modules: list[str], head: str | None) -> None:
    model = kept(*modules, model={**MIXTURE, "num_nextn_predict_layers": 1})
    assert model.draft_head is not None and model.draft_head.weight_precision == head
    drafts = head_architecture(model)
    assert (drafts.expert_weight_precision, drafts.attention_weight_precision) == (head, head)
    choices = catalog.assumption_set("default").choices
    narrow = drafts.model_copy(
        update=dict.fromkeys(("expert_weight_precision", "attention_weight_precision"))
    )
    wide, other = (float(weight_bytes_total(m, choices, Layout.of(1), 1.0)) for m in (drafts, narrow))
    assert (wide > other) == (head is not None)


@pytest.mark.parametrize(("group", "precision"), [(16, "nvfp4"), (32, "mxfp4")])
def test_four_bit_floats_by_their_groups(group: int, precision: str) -> None:
    weights = {"type": "float", "num_bits": 4, "group_size": group}
    settings = {
        "quant_method": "compressed-tensors",
        "config_groups": {"g": {"targets": ["Linear"], "weights": weights}},
    }
    assert read_config({**LLAMA, "quantization_config": settings}, "m").weight_precision == precision
