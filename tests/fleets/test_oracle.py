"""Models of today against an oracle: parameters counted by another library, bytes of cache and state by formula."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from fleets import catalog
from fleets.huggingface import read_config
from fleets.loading import parse_yaml, validate
from fleets.schema.architectures import Architecture
from fleets.writing import to_yaml
from formulations.physics import parameters
from formulations.physics.blocks import token_mixers
from formulations.physics.kv_cache import cache_held
from formulations.physics.layout import Layout

CHOICES = catalog.assumption_set("default").choices
FAR = 1e6
"""Tokens beyond every window."""


def oracle() -> list[dict[str, str]]:
    with (Path(__file__).parent / "oracle.csv").open() as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


ROWS = {row["model"]: row for row in oracle()}


def check(model: Architecture, row: dict[str, str]) -> None:
    counts = parameters.count(model, CHOICES)
    assert counts.total / 1e9 == pytest.approx(float(row["total"]), rel=1e-3)
    assert counts.active_multiplied / 1e9 == pytest.approx(float(row["active"]), rel=0.01)
    at_once, twice = (float(cache_held(model, CHOICES, Layout.of(1), 2.0, n * FAR, 0.0)) for n in (1, 2))
    per_token = (twice - at_once) / FAR
    assert per_token == pytest.approx(float(row["kv_bytes_per_token"]), rel=0.01)
    assert at_once - per_token * FAR == pytest.approx(float(row["window_bytes"]), rel=0.01, abs=100)
    state = sum(count * mixer.state() for count, mixer in token_mixers(model))
    assert state == pytest.approx(float(row["state_bytes"]), rel=0.01, abs=100)


@pytest.mark.parametrize("name", ROWS)
def test_the_catalogues_entry_has_the_oracles_sizes(name: str) -> None:
    check(catalog.architecture(name), ROWS[name])


@pytest.mark.parametrize("name", ROWS)
def test_what_is_written_is_read_again(name: str) -> None:
    model = catalog.architecture(name)
    assert validate(Architecture, parse_yaml(to_yaml(model), "m.yaml"), "m.yaml") == model


def test_every_config_gives_the_oracles_sizes_and_its_entry(shared_data: Path) -> None:
    files = sorted((shared_data / "hf_configs_2026").glob("*.json"))
    files = [path for path in files if not path.name.endswith("hf_quant_config.json")]
    assert len(files) == 47
    for path in files:
        name = path.stem.replace("--", "/", 1)
        read, shipped = read_config(path), catalog.architecture(name)
        check(read, ROWS[name])
        assert set(read.stack) == set(shipped.stack), name
        for field in ("depth", "d_model", "weight_precision", "attention_weight_precision", "dense_weight_precision",
                      "kv_precision", "tied_embeddings", "draft_head", "encoder_parameters"):  # fmt: skip
            assert getattr(read, field) == getattr(shipped, field), (name, field)
