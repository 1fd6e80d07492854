"""Plans are what their schema says, without keys that it does not know; what is damaged is refused by its key."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from planner import InputError, solve
from planner.config.load import load_study
from planner.plan.read import read_plan
from planner.plan.schema import PlanEntry

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
INFEASIBLE: dict[str, Any] = {
    "fleet": {"supply": [{"accelerator": "l40s", "price_usd_per_hour": 1.0, "limit": 1}]},
    "models": {"m": {"architecture": "llama-3.1-8b"}},
    "workloads": [
        {"name": "w", "model": "m", "demand_tokens_per_s": 1e5, "input_tokens": 100, "output_tokens": 100}
    ],
}


def unknown(entry: Any, path: str = "") -> list[str]:
    """Keys that the schema does not name."""
    if isinstance(entry, BaseModel):
        found = [f"{path}.{key}" for key in entry.model_extra or {}]
        return found + [key for name, value in entry for key in unknown(value, f"{path}.{name}")]
    values = entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else ()
    return [key for value in values for key in unknown(value, path)]


@pytest.fixture(scope="module")
def plan() -> dict[str, Any]:
    written = solve(load_study(EXAMPLES / "measured-capacity.yaml"), sensitivity=True).to_dict()
    return dict(json.loads(json.dumps(written)))


@pytest.mark.parametrize(
    "example", ["quickstart", "first-token", "two-sites", "alternatives", "fastest-pace"]
)
def test_plans_of_examples_are_in_the_schema(example: str) -> None:
    written = solve(load_study(EXAMPLES / f"{example}.yaml")).to_dict()
    read = PlanEntry.model_validate(json.loads(json.dumps(written)))
    assert unknown(read) == []
    assert json.loads(json.dumps(written)) == json.loads(read.model_dump_json())


def test_a_plan_of_an_infeasible_study_is_in_the_schema(tmp_path: Path) -> None:
    from planner.explain.explain import explain

    found = explain(load_study(INFEASIBLE)).plan
    assert found.relaxations
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(found.to_dict()), encoding="utf-8")
    assert unknown(PlanEntry.model_validate(json.loads(path.read_text()))) == []
    assert read_plan(path)["relaxations"] == list(found.relaxations)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("instances", 0, "gpus_per_instance"), [8]),
        (("instances", 0, "spares"), -1),
        (("instances", 0, "option"), "another"),
        (("supply", 0, "gpus"), "8"),
        (("supply", 0, "usd_per_hour"), None),
        (("workloads", 0, "kinds"), {}),
        (("service", 0, "workload"), "nobody"),
        (("certificate", "checks"), 3),
        (("certificate", "passed"), "yes"),
        (("timings", "total"), "long"),
        (("status", "solution"), "perhaps"),
        (("schema_version",), 2),
        (("accuracy",), [[]]),
        (("alternatives",), [{"kinds": [[]]}]),
    ],
)
def test_a_damaged_plan_is_refused_by_its_key(
    plan: dict[str, Any], tmp_path: Path, where: tuple[Any, ...], value: Any
) -> None:
    damaged = copy.deepcopy(plan)
    entry: Any = damaged
    for key in where[:-1]:
        entry = entry[key]
    entry[where[-1]] = value
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(damaged), encoding="utf-8")
    with pytest.raises(InputError, match=str(where[0])):
        read_plan(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "3",
        "{",
        "[" * 100_000,
        '{"schema_version": 1}',
        '{"a": NaN}',
        "9" * 5000,
        '{"a": "\\ud800"}',
        "\x00",
    ],
)
def test_what_is_no_plan_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"plan\.json"):
        read_plan(path)
