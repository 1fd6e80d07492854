"""Scenario files are spelled out in order, counted before anything runs, and refused with every problem."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from planner.batch.runner import check_batch
from planner.batch.scenario import places_of
from planner.batch.scenarios import read_batch
from planner.errors import InputError
from tests.planner.batch.conftest import DEMAND, PACE, PRICE


def test_named_scenarios_set_and_multiply(study: dict[str, Any]) -> None:
    batch = read_batch(
        {
            "base": study,
            "scenarios": [
                {"name": "cheap", "set": {PRICE: 1.0}},
                {"name": "dear", "multiply": {"fleet.supply[*].price_usd_per_hour": 1.5, DEMAND: 2}},
            ],
        }
    )
    assert [(s.number, s.name, s.source) for s in batch.scenarios] == [
        (1, "base", "base"),
        (2, "cheap", "scenarios"),
        (3, "dear", "scenarios"),
    ]
    assert list(places_of(batch.base, batch.scenarios[2]).values()) == [3.0, pytest.approx(1.2), 40000]
    assert list(batch.paths) == [f"set.{PRICE}", "times.fleet.supply[*].price_usd_per_hour", f"set.{DEMAND}"]


def test_a_grid_is_a_cross_product_whose_last_key_runs_fastest(study: dict[str, Any]) -> None:
    grid = {PRICE: {"start": 1, "stop": 4, "count": 3, "spacing": "log"}, PACE: [20, 30]}
    batch = read_batch({"base": study, "include_base": False, "grid": grid})
    values = [tuple(places_of(batch.base, s).values()) for s in batch.scenarios]
    assert values == [(1.0, 20), (1.0, 30), (2.0, 20), (2.0, 30), (4.0, 20), (4.0, 30)]


def test_several_grids_stand_beside_each_other(study: dict[str, Any]) -> None:
    batch = read_batch({"base": study, "grid": [{PRICE: [1, 2]}, {DEMAND: {"multiply": [0.5, 2]}}]})
    assert len(batch.scenarios) == 5
    assert batch.scenarios[3].name == "chat.demand_tokens_per_s×=0.5"


def test_a_table_has_a_row_per_scenario_and_empty_cells_change_nothing(
    study: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_text(
        f'name,{PRICE},models.llama-8b.weight_precisions,{PACE}\none,1.5,"[bf16, fp8]",\ntwo,,,null\n'
    )
    batch = read_batch({"base": study, "include_base": False, "table": str(tmp_path / "rows.csv")})
    assert [s.name for s in batch.scenarios] == ["one", "two"]
    assert list(places_of(batch.base, batch.scenarios[0]).values()) == [1.5, ["bf16", "fp8"]]
    assert list(places_of(batch.base, batch.scenarios[1]).values()) == [None]
    assert check_batch(batch)


def test_random_scenarios_are_the_same_for_the_same_seed(study: dict[str, Any]) -> None:
    def batch(samples: int, seed: int) -> list[Any]:
        asked = {
            "samples": samples,
            "seed": seed,
            "distributions": {
                PRICE: {"distribution": "uniform", "low": 1, "high": 3},
                DEMAND: {"distribution": "lognormal", "median": 1, "sigma": 0.2, "factor": True},
                "fleet.supply[l40s].limit": {"distribution": "uniform", "low": 8, "high": 64, "whole": True},
            },
        }
        found = read_batch({"base": study, "include_base": False, "monte_carlo": asked})
        return [list(places_of(found.base, s).values()) for s in found.scenarios]

    assert batch(3, 1) == batch(9, 1)[:3] != batch(3, 2)


def test_limit_keeps_the_first_and_says_how_many_there_are(study: dict[str, Any]) -> None:
    batch = read_batch({"base": study, "grid": {PRICE: [1, 2], DEMAND: [1, 2, 3]}}, limit=4)
    assert (len(batch.scenarios), batch.total) == (4, 7)


def test_a_million_scenarios_are_refused_before_they_are_listed(study: dict[str, Any]) -> None:
    axis = {"start": 1, "stop": 2, "count": 2000}
    with pytest.raises(InputError, match="4,000,001 scenarios are more than 1,000,000"):
        read_batch({"base": study, "grid": {PRICE: axis, DEMAND: axis}})
    assert len(read_batch({"base": study, "grid": {PRICE: axis, DEMAND: axis}}, limit=5).scenarios) == 5


def test_every_wrong_path_is_named_at_once(study: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        read_batch(
            {
                "base": study,
                "scenarios": [{"name": "a", "set": {"workloads.chta.demand_tokens_per_s": 1}}],
                "grid": {"fleet.supply[x].limit": [1]},
                "monte_carlo": {
                    "samples": 2,
                    "distributions": {"modls.x": {"distribution": "uniform", "low": 0, "high": 1}},
                },
            }
        )
    assert len(caught.value.problems) == 3
    assert "did you mean chat" in caught.value.problems[0]


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (DEMAND, -5, "greater than 0"),
        ("workloads.chat.demand_tokens_per_sec", 5, "not a known key.*|did you mean demand_tokens_per_s"),
        ("fleet.supply[l40s].limit", 2.5, "integer"),
        ("assumptions", "defualt", "default"),
        ("models.llama-8b.weight_precisions", ["fp7"], "fp7"),
    ],
)
def test_a_wrong_value_is_found_before_anything_runs(
    study: dict[str, Any], path: str, value: Any, said: str
) -> None:
    batch = read_batch({"base": study, "scenarios": [{"name": "odd", "set": {path: value}}]})
    with pytest.raises(InputError, match=said) as caught:
        check_batch(batch)
    assert "scenario 2 (odd)" in str(caught.value)


def test_multiplying_what_has_no_number_is_refused(study: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="no number in the base config"):
        read_batch({"base": study, "grid": {"workloads.chat.max_ttft_ms": {"multiply": [1, 2]}}})


@pytest.mark.parametrize(
    "data",
    [
        {"base": {}, "grid": {PRICE: []}},
        {"base": {}, "grid": {PRICE: {"start": 1, "stop": 2}}},
        {"base": {}, "grids": {PRICE: [1]}},
        {"base": {}, "scenarios": [{"set": {PRICE: 1}}]},
        {},
    ],
)
def test_a_file_that_is_no_scenario_file_is_refused(study: dict[str, Any], data: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        read_batch({**data, **({"base": study} if "base" in data else {})})


def test_two_scenarios_of_one_name_are_refused(study: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="'a' stands twice"):
        read_batch({"base": study, "scenarios": [{"name": "a"}, {"name": "a"}]})


def test_missing_files_are_named(tmp_path: Path, study: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"nothere\.yaml"):
        read_batch(tmp_path / "nothere.yaml")
    with pytest.raises(InputError, match=r"rows\.csv"):
        read_batch({"base": study, "table": "rows.csv"})


def test_the_hash_is_of_content_not_of_names_or_order(study: dict[str, Any]) -> None:
    one = read_batch({"base": study, "grid": {PRICE: [2.0, 3.0], DEMAND: [20000, 30000]}})
    other = read_batch(
        {"base": {**study, "name": "renamed"}, "grid": {DEMAND: [30000, 20000], PRICE: [3.0, 2.0]}}
    )
    ids, others = check_batch(one), check_batch(other)
    assert set(ids) == set(others)
    assert ids[0] == ids[1]  # the base is a point of the grid
    assert len(set(ids)) == 4
    threaded = read_batch({"base": {**study, "solver": {"gap": 0.0, "threads": 2}}})
    assert check_batch(threaded) == ids[:1]
    gap = read_batch({"base": {**study, "solver": {"gap": 0.1}}})
    assert check_batch(gap) != ids[:1]


def test_a_frontier_is_no_scenario(study: dict[str, Any]) -> None:
    study["question"] = {"frontier": ["cost", "pace"], "workload": "chat"}
    with pytest.raises(InputError, match="many plans"):
        check_batch(read_batch({"base": study}))
