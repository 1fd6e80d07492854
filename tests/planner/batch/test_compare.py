"""Comparisons add up, and say what makes two plans or runs differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from planner.batch.compare import compare, compare_plans
from planner.batch.runner import run_batch
from planner.batch.scenarios import read_batch
from planner.batch.workers import Workers
from planner.errors import InputError
from planner.solving import solve
from tests.planner.batch.conftest import DEMAND, PRICE


def _plan(study: dict[str, Any], path: Path) -> Path:
    path.write_text(json.dumps(solve(study, compare=False, explain=False).to_dict()))
    return path


def test_two_plans(study: dict[str, Any], tmp_path: Path) -> None:
    a = _plan(study, tmp_path / "a.json")
    study["workloads"][0]["demand_tokens_per_s"] = 60000
    study["fleet"]["supply"][0]["price_usd_per_hour"] = 1.1
    b = _plan(study, tmp_path / "b.json")
    found = compare(a, b)
    total, supply = found.tables["total"].iloc[0], found.tables["supply"]
    plans = [json.loads(path.read_text()) for path in (a, b)]
    costs = [sum(row["usd_per_hour"] for row in plan["supply"]) for plan in plans]
    assert total["usd_per_hour_change"] == pytest.approx(costs[1] - costs[0])
    assert supply["usd_per_hour_change"].sum() == pytest.approx(costs[1] - costs[0])
    parts = supply["usd_from_gpus"] + supply["usd_from_price"]
    assert parts.tolist() == pytest.approx(supply["usd_per_hour_change"].tolist())
    assert found.tables["instances"]["gpus_change"].sum() == pytest.approx(total["gpus_change"])
    assert found.tables["workloads"]["demand_tokens_per_s_change"].tolist() == [40000]


def test_the_parts_of_a_change_by_hand() -> None:
    """4 GPUs at 2 $/h become 6 at 1.5 $/h: +2·2 = +4 by GPUs, 6·(1.5 − 2) = −3 by price; 8 $/h become 9."""

    def plan(gpus: int, usd: float, assumptions: str = "default") -> dict[str, Any]:
        return {
            "status": {"termination": "optimal", "solution": "proven"},
            "objective": {"sense": "minimise", "unit": "$/h", "value": usd, "bound": usd * 0.9, "gap": 0.1},
            "assumptions": {"name": assumptions, "version": "1"},
            "supply": [{"supply": "h", "accelerator": "h", "gpus": gpus, "usd_per_hour": usd}],
            "instances": [],
            "workloads": [],
        }

    found = compare_plans(plan(4, 8.0), plan(6, 9.0, "other"), ("A", "B"))
    row = found.tables["supply"].iloc[0]
    assert (row["usd_from_gpus"], row["usd_from_price"], row["usd_per_hour_change"]) == (4.0, -3.0, 1.0)
    assert found.notes[0] == "assumptions differ: default 1 in A, other 1 in B"
    assert "within the two plans' gaps (1.70 $/h)" in found.notes[1]
    bought = compare_plans(plan(0, 0.0), plan(6, 9.0), ("A", "B")).tables["supply"].iloc[0]
    assert (bought["usd_from_gpus"], bought["usd_from_price"]) == (9.0, 0.0)


def test_a_plan_that_is_none(study: dict[str, Any], tmp_path: Path) -> None:
    a = _plan(study, tmp_path / "a.json")
    study["workloads"][0]["demand_tokens_per_s"] = 1e9
    found = compare(a, _plan(study, tmp_path / "b.json"))
    assert "B has no plan (infeasible)" in found.notes
    assert found.to_dict()["total"][0]["usd_per_hour_b"] is None
    json.dumps(found.to_dict(), allow_nan=False)


def test_two_runs(study: dict[str, Any], tmp_path: Path) -> None:
    for name, price, demands in (("a", 2.0, [10000, 20000, 1e9]), ("b", 1.0, [10000, 20000, 40000])):
        study["fleet"]["supply"][0]["price_usd_per_hour"] = price
        batch = read_batch({"base": study, "grid": {DEMAND: demands}})
        run_batch(batch, tmp_path / name, Workers(jobs=1), show_progress=False)
    found = compare(tmp_path / "a", tmp_path / "b")
    scenarios, total = found.tables["scenarios"], found.tables["total"].iloc[0]
    assert len(scenarios) == 5
    assert scenarios["status_b"].tolist()[3] == "absent"
    assert (total["scenarios"], total["with_a_plan_in_both"]) == (5, 3)
    assert total["cheaper"] + total["dearer"] <= 3
    assert any("1 scenarios are in A alone" in note for note in found.notes)
    json.dumps(found.to_dict(), allow_nan=False)


def test_runs_that_vary_other_keys_say_so(study: dict[str, Any], tmp_path: Path) -> None:
    for name, grid in (("a", {DEMAND: [10000]}), ("b", {PRICE: [1.0]})):
        run_batch(
            read_batch({"base": study, "grid": grid}), tmp_path / name, Workers(jobs=1), show_progress=False
        )
    notes = " ".join(compare(tmp_path / "a", tmp_path / "b").notes)
    assert f"only A varies {DEMAND}" in notes and f"only B varies {PRICE}" in notes


def test_what_cannot_be_compared_is_said(study: dict[str, Any], tmp_path: Path) -> None:
    a = _plan(study, tmp_path / "a.json")
    (tmp_path / "text.json").write_text("{")
    (tmp_path / "other.json").write_text("{}")
    old = json.loads(a.read_text()) | {"schema_version": 99}
    (tmp_path / "old.json").write_text(json.dumps(old))
    for other, said in (
        (tmp_path, "two plans or two runs"),
        (tmp_path / "nothere", "cannot be read"),
        (tmp_path / "text.json", "not JSON"),
        (tmp_path / "other.json", "not a plan"),
        (tmp_path / "old.json", "schema_version 99"),
    ):
        with pytest.raises(InputError, match=said):
            compare(a, other)
