"""`fleetplan report`, `solve --report` and `whatif --report`: one file each, and what went wrong in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from planner.cli import app
from planner.errors import InputError
from tests.planner.report.conftest import study


def config(folder: Path) -> Path:
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(study()), encoding="utf-8")
    return path


def test_solve_and_report_write_pages_of_the_same_plan(tmp_path: Path) -> None:
    page, again = tmp_path / "plan.html", tmp_path / "again.html"
    done = CliRunner().invoke(app, ["solve", str(config(tmp_path)), "-o", "json", "--report", str(page)])
    assert done.exit_code == 0
    plan = tmp_path / "plan.json"
    plan.write_text(done.stdout, encoding="utf-8")
    assert json.loads(done.stdout)["name"] == "report"
    assert CliRunner().invoke(app, ["report", str(plan), "--out", str(again)]).exit_code == 0
    assert page.read_bytes() == again.read_bytes()


def test_a_run_becomes_a_page(tmp_path: Path) -> None:
    config(tmp_path)
    scenarios = tmp_path / "scenarios.yaml"
    grid = {"workloads.chat.demand_tokens_per_s": [4000, 8000]}
    scenarios.write_text(
        yaml.safe_dump({"version": 1, "name": "two", "base": "study.yaml", "grid": grid}), encoding="utf-8"
    )
    run, page, again = tmp_path / "run", tmp_path / "run.html", tmp_path / "again.html"
    command = ["whatif", str(scenarios), "--out", str(run), "--jobs", "1", "--report", str(page)]
    assert CliRunner().invoke(app, command).exit_code == 0
    assert CliRunner().invoke(app, ["report", str(run), "--out", str(again)]).exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert text == again.read_text(encoding="utf-8")
    assert "What matters most" in text and "Fleet mix" in text


def test_a_folder_without_a_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"scenarios\.parquet"):
        CliRunner().invoke(app, ["report", str(tmp_path)], catch_exceptions=False)
