"""`fleetplan catalog`: tables for people, and json or csv alone on stdout."""

from __future__ import annotations

import csv
import io
import json

import pytest
import typer
from typer.testing import CliRunner

from fleets import catalog as shelves
from planner.cli.catalog import catalog
from planner.errors import InputError

APP = typer.Typer()
APP.command()(catalog)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(APP, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("kind", shelves.KINDS)
def test_tables_name_every_entry_with_its_source(kind: shelves.Kind) -> None:
    shown = run(kind)
    for name in shelves.names(kind):
        assert name in shown
    assert "[1] " in shown  # sources are footnotes


def test_units_and_doubtful_figures_are_marked() -> None:
    shown = run("accelerators")
    for unit in ("hbm GB ", "hbm bandwidth GB/s", "bf16 TFLOP/s", "tdp W", "$/h"):
        assert unit in shown
    row = next(line for line in shown.splitlines() if " b200-sxm " in line)
    assert "7,700?" in row and "2,250 " in row
    assert "? sources disagree or the figure is unverified" in shown


def test_one_entry_by_alias_in_full() -> None:
    shown = run("accelerators", "h100_sxm")
    assert "hbm_bandwidth_gb_s" in shown and "3,350" in shown and "Epoch AI" in shown
    assert "choices.kv_capacity" in run("assumptions", "default")


def test_json_and_csv_stand_alone_and_agree() -> None:
    records = json.loads(run("accelerators", "--output", "json"))
    lines = list(csv.DictReader(io.StringIO(run("accelerators", "--output", "csv"))))
    assert [record["name"] for record in records] == [line["name"] for line in lines]
    assert len(records) == len(shelves.names("accelerators"))
    h100 = next(record for record in records if record["name"] == "h100-sxm")
    assert (h100["hbm_gb"], h100["bf16_tflops"], h100["usd_per_hour"]) == (80, 989.5, 1.78)
    whole = json.loads(run("architectures", "deepseek-ai/DeepSeek-V3", "--output", "json"))
    assert whole["attention"]["kv_rank"] == 512
    prices = json.loads(run("prices", "h100-sxm", "--output", "json"))
    assert [price["default"] for price in prices].count(True) == 1


def test_unknown_names_and_kinds_are_bad_input() -> None:
    result = CliRunner().invoke(APP, ["accelerators", "h100-smx"])
    assert isinstance(result.exception, InputError)
    assert "did you mean" in str(result.exception)
    assert CliRunner().invoke(APP, ["gpus"]).exit_code == 2
