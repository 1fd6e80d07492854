"""Every shipped scenario file runs, and answers what its comment asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.batch.results import BatchTables, load_tables
from planner.batch.runner import run_batch
from planner.batch.scenarios import read_batch
from planner.batch.workers import Workers

FOLDER = Path(__file__).resolve().parents[3] / "examples"
EXAMPLES = sorted(path.stem.removeprefix("whatif-") for path in FOLDER.glob("whatif-*.yaml"))


def _run(name: str, folder: Path, limit: int | None = None) -> BatchTables:
    batch = read_batch(FOLDER / f"whatif-{name}.yaml", limit=limit)
    run_batch(batch, folder, Workers(jobs=1), show_progress=False)
    return load_tables(folder)


def test_there_is_one_of_each_kind() -> None:
    assert EXAMPLES == ["grid", "monte-carlo", "named", "table"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_says_how_to_run_it(name: str) -> None:
    assert (
        f"fleetplan whatif examples/whatif-{name}.yaml --out" in (FOLDER / f"whatif-{name}.yaml").read_text()
    )


def test_named(tmp_path: Path) -> None:
    table = _run("named", tmp_path).scenarios.set_index("name")
    assert (table["solution"] == "proven").all()
    cost = table["usd_per_hour"]
    assert cost["H100 at 1.20 $/h"] < cost["base"]
    assert cost["no H200 to be had"] >= cost["base"]
    assert table.loc["no H200 to be had", "gpus.h200-sxm"] == 0
    assert cost["bf16 only"] > cost["base"]
    assert cost["chat grows by half, all prices up 10 %"] > 1.1 * cost["base"]
    assert table.loc["pace given as time per output token", "pace_tokens_per_s.chat-70b"] >= 50


def test_grid(tmp_path: Path) -> None:
    tables = _run("grid", tmp_path)
    assert len(tables.scenarios) == 25
    assert len(tables.inputs) == 2
    price, demand = tables.inputs
    points = tables.scenarios[tables.scenarios["source"] == "grid"]
    assert (points["solution"] == "proven").all()
    wide = points.pivot(index=demand, columns=price, values="usd_per_hour")
    assert (wide.diff().iloc[1:] >= 0).all(axis=None)  # more demand never costs less
    assert (wide.T.diff().iloc[1:] >= -1e-9 * wide.T.iloc[1:]).all(axis=None)  # nor does a higher price


def test_table(tmp_path: Path) -> None:
    table = _run("table", tmp_path).scenarios
    assert list(table["name"])[2] == "third quarter, more H200"
    assert (table["solution"] == "proven").all()


def test_monte_carlo(tmp_path: Path) -> None:
    table = _run("monte-carlo", tmp_path, limit=9).scenarios
    assert (table["solution"] == "proven").all()
    assert table["usd_per_hour"].nunique() == 9
