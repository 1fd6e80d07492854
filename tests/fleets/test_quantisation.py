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
from formulations.physics.capacity import weight_bytes_total
from formulations.physics.layout import Layout
from formulations.physics.precision import weight_bytes

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


def test_attention_that_is_left_out_stays_wide(tmp_path: Path) -> None:
    beside = json.loads(json.dumps(NVFP4))
    beside["quantization"]["exclude_modules"] += ["model.layers.0.self_attn.q_proj"]
    model = read_config(write(tmp_path / "m", LLAMA, beside))
    assert model.attention_weight_precision == "bf16"


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
