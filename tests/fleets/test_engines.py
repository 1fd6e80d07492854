"""Serving engines of the catalogue, reported memory, and blocks read from a config.json."""

from __future__ import annotations

from typing import Any

import pytest

from fleets import catalog
from fleets.errors import CatalogError
from fleets.huggingface import read_config
from fleets.loading import validate
from fleets.schema.engines import EngineEntry

GIB = 2.0**30


@pytest.mark.parametrize("name", catalog.names("accelerators"))
def test_devices_report_at_most_what_their_name_says_in_binary(name: str) -> None:
    """`80 GB` is 80 GiB less what firmware and ECC take; the paper's entries keep the paper's figures."""
    entry = catalog.accelerator(name)
    if name.startswith("paper-"):
        assert entry.reported_gib is None
    if entry.reported_gib is not None:
        assert 0.88 <= entry.reported_gib / entry.hbm_gb <= 1.003
        assert entry.memory_bytes == entry.reported_gib * GIB
    else:
        assert entry.memory_bytes == entry.hbm_gb * 1e9


def test_cards_of_80_gb_have_85e9_bytes() -> None:
    for name in ("h100-sxm", "h100-pcie", "h800-sxm", "a100-80gb-sxm", "a100-80gb-pcie"):
        assert catalog.accelerator(name).memory_bytes == pytest.approx(85.04e9, rel=1e-3)


def test_a_version_is_the_newest_that_is_not_newer() -> None:
    engine = catalog.engine("vLLM")
    found = {
        v: engine.at(v).version for v in ("0.6", "0.9", "0.16.1", "0.17", "0.17.0", "0.20", "0.33", "1.0")
    }
    assert found == {
        "0.6": "0.6", "0.9": "0.8", "0.16.1": "0.14", "0.17": "0.17", "0.17.0": "0.17", "0.20": "0.17",
        "0.33": "0.33", "1.0": "0.33",
    }  # fmt: skip
    assert engine.at(None).version == engine.versions[-1].version
    with pytest.raises(LookupError, match=r"vllm 0\.5 is older than 0\.6"):
        engine.at("0.5")


def test_defaults_follow_the_size_of_the_device() -> None:
    newest = catalog.engine("vllm").at("0.33")
    tokens = {
        name: newest.defaults_for(name, catalog.accelerator(name).memory_bytes / GIB).batched_tokens
        for name in ("l40s", "h100-sxm", "h200-sxm", "b200-sxm", "a100-80gb-sxm")
    }
    assert tokens == {
        "l40s": 2048,
        "h100-sxm": 8192,
        "h200-sxm": 8192,
        "b200-sxm": 16384,
        "a100-80gb-sxm": 2048,
    }


def entry(**version: Any) -> dict[str, Any]:
    source = {"name": "x", "date": "2026"}
    whole = {
        "version": "1.0",
        "memory": {},
        "defaults": [{"batched_tokens": 2048}],
        "sources": [source],
        **version,
    }
    return {"name": "e", "versions": [whole]}


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ({"memory": {"share": 92}}, "share"),
        ({"memory": {"runtime_gib": -1}}, "runtime_gib"),
        ({"defaults": [{"from_gib": 60, "batched_tokens": 2048}]}, "from_gib 0"),
        ({"sources": []}, "sources"),
        ({"version": "newest"}, "version"),
        ({"layout_rules": [{"precision": "fp8"}]}, "source"),
    ],
)
def test_an_engine_that_is_not_whole_is_refused(version: dict[str, Any], words: str) -> None:
    with pytest.raises(CatalogError, match=words):
        validate(EngineEntry, entry(**version), "e.yaml")


def test_versions_must_rise() -> None:
    twice = entry()
    twice["versions"] *= 2
    with pytest.raises(CatalogError, match="versions must rise"):
        validate(EngineEntry, twice, "e.yaml")


def llama(**quantization: Any) -> dict[str, Any]:
    return {
        "model_type": "llama", "num_hidden_layers": 2, "hidden_size": 512, "intermediate_size": 1024,
        "num_attention_heads": 8, "num_key_value_heads": 2, "vocab_size": 1000,
        "quantization_config": {"quant_method": "fp8", **quantization},
    }  # fmt: skip


def test_blocks_of_a_config() -> None:
    assert read_config(llama(weight_block_size=[128, 64])).fp8_block_size == (128, 64)
    assert read_config(llama()).fp8_block_size is None
    for bad in ([128], "128", [0, 128], [True, 1], 128):
        with pytest.raises(CatalogError, match="weight_block_size"):
            read_config(llama(weight_block_size=bad))


def test_blocks_of_compressed_tensors() -> None:
    weights = {"type": "float", "num_bits": 8, "strategy": "block", "block_structure": [128, 128]}
    groups = {"quant_method": "compressed-tensors", "config_groups": {"group_0": {"weights": weights}}}
    assert read_config(llama(**groups)).fp8_block_size == (128, 128)
    weights["strategy"] = "channel"
    assert read_config(llama(**groups)).fp8_block_size is None
