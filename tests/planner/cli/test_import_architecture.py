"""A local checkpoint as YAML, as a folder in a config, and a hub's name that is not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fleets.huggingface import read_config
from fleets.loading import read_yaml, validate
from fleets.schema.architectures import Architecture
from planner.cli import app
from planner.config.load import study_from
from planner.config.warnings import readings
from planner.errors import InputError
from tests.fleets.test_quantisation import LLAMA, NVFP4, write

RUN = CliRunner()


def config(architecture: str) -> dict[str, Any]:
    return {
        "fleet": {"supply": [{"accelerator": "h100-sxm", "price_usd_per_hour": 2.0}]},
        "models": {"m": {"architecture": architecture}},
        "workloads": [{"name": "w", "model": "m", "demand_tokens_per_s": 1000, "output_tokens": 100}],
    }


@pytest.mark.parametrize("whole_folder", [True, False])
def test_a_checkpoint_becomes_yaml_that_reads_back_the_same(tmp_path: Path, whole_folder: bool) -> None:
    path = write(tmp_path / "Llama-NVFP4", LLAMA, NVFP4)
    source, out = path.parent if whole_folder else path, tmp_path / "m.yaml"
    result = RUN.invoke(app, ["import", "architecture", str(source), "--name", "mine", "--out", str(out)])
    assert result.exit_code == 0, result.output
    read = validate(Architecture, read_yaml(out), "m.yaml")
    assert read == read_config(path, "mine")
    assert (read.name, read.weight_precision, read.kv_precision) == ("mine", "nvfp4", "fp8")
    printed = RUN.invoke(app, ["import", "architecture", str(source), "--name", "mine"])
    assert printed.stdout == out.read_text()


def test_a_config_names_the_folder_of_a_checkpoint(tmp_path: Path) -> None:
    write(tmp_path / "Llama-NVFP4", LLAMA, NVFP4)
    (model,) = study_from(config("Llama-NVFP4"), "c", tmp_path).models
    assert (model.architecture.name, model.weight_precisions) == ("Llama-NVFP4", ("nvfp4",))


def test_what_was_not_used_of_a_checkpoint_is_said(tmp_path: Path) -> None:
    write(tmp_path / "mine", {**LLAMA, "attention_sink_size": 4})
    study = study_from(config("mine"), "c", tmp_path)
    assert readings(study) == ("mine: Keys not used: attention_sink_size.",)


def test_a_hubs_name_that_is_not_in_the_catalogue_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"unknown architecture 'acme/Roadrunner-9B'.*give the path of its config\.json"
    ):
        study_from(config("acme/Roadrunner-9B"), "c", tmp_path)


def test_what_cannot_be_expressed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**LLAMA, "mamba_d_state": 16}))
    result = RUN.invoke(app, ["import", "architecture", str(path)])
    assert result.exit_code != 0 and "mamba_d_state" in str(result.exception)
