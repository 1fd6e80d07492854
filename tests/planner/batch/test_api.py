"""`planner.whatif` from Python: a DataFrame from mappings, lists and files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import planner
from planner import load_study, whatif
from tests.planner.batch.conftest import DEMAND, PRICE


def test_a_grid_of_a_mapping(study: dict[str, Any]) -> None:
    found = whatif(study, {"grid": {PRICE: [1.0, 2.0]}}, jobs=1)
    assert list(found["source"]) == ["base", "grid", "grid"]
    assert found["usd_per_hour"].notna().all()
    assert set(found.attrs["instances"]["scenario"]) == set(found["scenario"])


def test_a_list_of_changes_of_a_loaded_study(study: dict[str, Any]) -> None:
    found = whatif(load_study(study), [{DEMAND: 10000}, {DEMAND: 40000, PRICE: 1.0}], jobs=1)
    assert list(found["name"]) == ["scenario 1", "scenario 2"]
    assert list(found[f"set.{DEMAND}"]) == [10000, 40000]


def test_a_file_kept_in_a_folder(scenario_file: Path, tmp_path: Path) -> None:
    found = whatif(None, scenario_file, out=tmp_path / "out", jobs=1, limit=3)
    assert len(found) == 3
    assert (tmp_path / "out" / "scenarios.parquet").exists()


def test_functions_are_not_hidden_by_folders_of_their_name() -> None:
    import importlib

    importlib.import_module("planner.batch.results")
    assert planner.whatif is whatif
    assert callable(planner.whatif) and callable(planner.solve)
