"""Frontiers and alternatives on the command line: tables for people, JSON and CSV alone on standard output."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from planner.cli import app

CONFIG = """
name: small
fleet:
  supply:
    - {{accelerator: big, price_usd_per_hour: 3.0{limit}}}
    - {{accelerator: old, price_usd_per_hour: 3.1{limit}}}
workloads: [{{name: chat, model: m, demand_requests_per_s: 10}}]
physics: false
profiles: [rows.csv]
question: {question}
{more}
"""
ROWS = """model,accelerator,gpus,workload,requests_per_s,tpot_ms,label
m,big,1,chat,10,50,slow
m,big,1,chat,2,10,fast
m,old,1,chat,10,50,slow
"""


@pytest.fixture
def solve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("COLUMNS", "120")

    def run(question: str, output: str = "table", limit: str = "", more: str = "") -> tuple[int, str]:
        (tmp_path / "rows.csv").write_text(ROWS, encoding="utf-8")
        config = tmp_path / "config.yaml"
        config.write_text(CONFIG.format(question=question, limit=limit, more=more), encoding="utf-8")
        result = CliRunner().invoke(app, ["solve", str(config), "-o", output])
        return result.exit_code, result.stdout

    return run


FRONTIER = "{frontier: [cost, pace], workload: chat, points: 3}"


def test_frontier_as_a_table(solve) -> None:  # type: ignore[no-untyped-def]
    code, text = solve(FRONTIER)
    assert code == 0
    assert "small: cost against pace" in text
    assert "100.0  15.00" in text and "5 big" in text
    assert "at least as good in both: 1." in text


def test_frontier_as_json(solve) -> None:  # type: ignore[no-untyped-def]
    code, text = solve(FRONTIER, "json")
    document = json.loads(text)
    assert code == 0
    assert document["swept"] == {"quantity": "pace", "unit": "tokens/s per user", "workload": "chat"}
    assert [(p["pace_tokens_per_s"], p["usd_per_hour"]) for p in document["points"]] == [
        (pytest.approx(20.0), 3.0),
        (pytest.approx(100.0), 15.0),
    ]


def test_frontier_as_csv(solve) -> None:  # type: ignore[no-untyped-def]
    code, text = solve(FRONTIER, "csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert code == 0
    assert [row["fleet"] for row in rows] == ["1 big", "5 big"]


def test_frontier_without_a_plan_is_infeasible(solve) -> None:  # type: ignore[no-untyped-def]
    code, text = solve(FRONTIER, limit=", limit: 0")
    assert code == 3
    assert "no plan at any pace" in text


def test_alternatives_stand_below_the_plan(solve) -> None:  # type: ignore[no-untyped-def]
    more = "alternatives: {count: 2, within: 10%}"
    code, text = solve("{minimise: cost}", more=more)
    assert code == 0
    assert "Plans that differ in kinds" in text
    assert "m/old/1gpu/measured/aggregated/slow" in text
    document = json.loads(solve("{minimise: cost}", "json", more=more)[1])
    assert [plan["objective"] for plan in document["alternatives"]] == [3.0, pytest.approx(3.1)]
