"""The tables say what was set, what came out, and cannot hurt a spreadsheet."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from planner.batch import tables as module
from planner.batch.results import BatchTables, load_tables
from planner.batch.runner import run_batch
from planner.batch.scenarios import read_batch
from planner.batch.workers import Workers
from planner.errors import InputError
from planner.solving import solve
from planner.wording.spreadsheet import line, safe
from tests.planner.batch.conftest import DEMAND, PRICE


def _run(folder: Path, **data: Any) -> BatchTables:
    run_batch(read_batch(data), folder, Workers(jobs=1), show_progress=False)
    return load_tables(folder)


def test_a_row_is_the_plan_of_its_scenario(study: dict[str, Any], tmp_path: Path) -> None:
    tables = _run(tmp_path, base=study, name="two", grid={PRICE: [1.2]})
    study["fleet"]["supply"][0]["price_usd_per_hour"] = 1.2
    plan = solve(study, compare=False)
    row = tables.scenarios.iloc[1]
    assert tables.name == "two"
    assert row["usd_per_hour"] == pytest.approx(plan.usd_per_hour)
    assert row["gpus_total"] == plan.gpus
    assert row["tokens_per_s.chat"] == pytest.approx(20000)
    assert row["usd_per_million_tokens.chat"] == pytest.approx(plan.usd_per_hour / (20000 * 3600 / 1e6))
    assert row[f"set.{PRICE}"] == 1.2
    assert tables.scenarios.iloc[0][f"set.{PRICE}"] == 2.0  # the base's own
    mine = tables.instances[tables.instances["scenario"] == row["scenario"]]
    assert mine["gpus"].sum() == plan.gpus
    assert mine["usd_per_hour"].sum() == pytest.approx(plan.usd_per_hour)
    shares = [c for c in map(str, mine.columns) if c.startswith("time_share.")]
    assert mine[shares].sum(axis=1).tolist() == pytest.approx([1.0] * len(mine))


def test_scenarios_may_change_what_is_emitted_and_drawn(study: dict[str, Any], tmp_path: Path) -> None:
    study["fleet"]["supply"] = [
        {"accelerator": "h100-sxm", "price_usd_per_hour": 1.0, "site": "coal"},
        {"accelerator": "h100-sxm", "price_usd_per_hour": 1.5, "site": "water"},
    ]
    study["fleet"]["sites"] = {"coal": {"carbon_kg_per_kwh": 0.8}, "water": {"carbon_kg_per_kwh": 0.01}}
    study["carbon_limit_kg_per_hour"] = 1000.0
    drawn = "fleet.sites.coal.power_limit_kw"
    scenarios = [
        {"name": "clean", "set": {"carbon_limit_kg_per_hour": 0.5}},
        {"name": "no coal", "set": {drawn: 0.1}},
        {"name": "nothing", "set": {"carbon_limit_kg_per_hour": 0.001}},
    ]
    table = _run(tmp_path, base=study, scenarios=scenarios).scenarios.set_index("name")
    kilograms = table["carbon_kg_per_hour"]
    assert kilograms["base"] > 0.5 >= kilograms["clean"]
    assert table["usd_per_hour"]["no coal"] == pytest.approx(1.5 * table["usd_per_hour"]["base"])
    assert table["termination"].to_dict()["nothing"] == "infeasible"


def test_inputs_of_every_type_have_their_column(study: dict[str, Any], tmp_path: Path) -> None:
    precisions, limit, all_prices = (
        "models.llama-8b.weight_precisions", "fleet.supply[l40s].limit", "fleet.supply[*].price_usd_per_hour",
    )  # fmt: skip
    tables = _run(
        tmp_path,
        base=study,
        scenarios=[
            {"name": "a", "set": {precisions: ["bf16", "fp8"], "prefill": False, limit: None}},
            {"name": "b", "multiply": {all_prices: 1.5, DEMAND: 2}},
        ],
    )
    table = tables.scenarios.set_index("name")
    assert list(table[f"set.{precisions}"]) == ["fp8", "bf16, fp8", "fp8"]
    assert list(table["set.prefill"]) == [True, False, True]
    assert list(table[f"times.{all_prices}"]) == [1.0, 1.0, 1.5]
    assert list(table[f"set.{DEMAND}"]) == [20000, 20000, 40000]
    assert table.loc["base", f"set.{limit}"] == 64 and pd.isna(table.loc["a", f"set.{limit}"])
    assert tables.inputs == [
        f"set.{precisions}", "set.prefill", f"set.{limit}", f"times.{all_prices}", f"set.{DEMAND}",
    ]  # fmt: skip
    assert tables.accelerators == ["h100-sxm", "l40s"]
    assert len(tables.solved) == 3


def test_csv_and_parquet_hold_the_same(study: dict[str, Any], tmp_path: Path) -> None:
    tables = _run(tmp_path, base=study, grid={DEMAND: [10000, 1e9]})
    for name in ("scenarios", "instances"):
        binary = getattr(tables, name)
        text = pd.read_csv(
            tmp_path / f"{name}.csv", dtype=str
        )  # pandas' own numbers miss the last digit at times
        assert list(binary.columns) == list(text.columns)
        for column in binary.columns:
            if binary[column].dtype.kind in "if":
                assert (binary[column].isna() == text[column].isna()).all()
                assert [float(cell) for cell in text[column].dropna()] == binary[column].dropna().tolist(), (
                    column
                )


def test_rows_come_in_blocks(study: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 2)
    tables = _run(tmp_path, base=study, grid={DEMAND: [1000, 2000, 3000, 4000]})
    assert list(tables.scenarios["number"]) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-2", "@SUM(A1)", "\t=1", "  =1+1", "\r=1"])
def test_text_that_would_be_a_formula_is_neutralised(text: str) -> None:
    assert safe(text).startswith("'")
    assert next(csv.reader(io.StringIO(line([text, -2, None]), newline=""))) == [safe(text), "-2", ""]


def test_names_from_the_user_cannot_become_formulas(study: dict[str, Any], tmp_path: Path) -> None:
    evil = '=HYPERLINK("http://x";"<script>alert(1)</script>")'
    tables = _run(tmp_path, base=study, include_base=False, scenarios=[{"name": evil}])
    assert tables.scenarios["name"][0] == evil
    with (tmp_path / "scenarios.csv").open(newline="") as lines:
        row = next(csv.DictReader(lines))
    assert row["name"] == f"'{evil}"


def test_a_folder_without_a_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="folder of a finished run"):
        load_tables(tmp_path)
    for name in ("scenarios", "instances"):
        (tmp_path / f"{name}.parquet").write_bytes(b"not parquet")
    with pytest.raises(InputError, match="cannot be read"):
        load_tables(tmp_path)


def test_a_run_without_any_plan_has_tables_too(study: dict[str, Any], tmp_path: Path) -> None:
    tables = _run(tmp_path, base=study, include_base=False, grid={DEMAND: [1e9]})
    assert tables.instances.empty and {"accelerator", "gpus", "usd_per_hour"} <= set(tables.instances.columns)
    assert tables.scenarios["usd_per_hour"].isna().all()
    assert tables.solved.empty


def test_a_solver_error_has_every_column_of_its_row(study: dict[str, Any], tmp_path: Path) -> None:
    from planner.batch.solve_one import failure

    batch = read_batch({"base": study, "include_base": False, "grid": {DEMAND: [10000]}})
    record = failure("x", "=boom")
    row = module.scenario_row(
        batch, batch.scenarios[0], record, module.scenario_columns(batch, module.Index(tmp_path))
    )
    assert (row["termination"], row["message"], row["usd_per_hour"]) == ("error", "=boom", None)
