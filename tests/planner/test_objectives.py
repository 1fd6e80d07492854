"""One table of objectives: config, program, plan and tables name what it holds, and agree on what it counts."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from planner import solve
from planner.config.load import load_study
from planner.config.schema.question import Axis, Question
from planner.config.schema.study import Study
from planner.errors import InputError
from planner.objectives import CARBON, COST, COUNTED, MAXIMISED, MINIMISED, OBJECTIVES, counts_of
from planner.options.source import OptionSource
from planner.plan.extract import SUPPLY_COLUMNS
from planner.problem.problem import Problem
from planner.questions.ask import QUESTIONS, question_of
from planner.wording.units import title_and_unit

STUDY: dict[str, Any] = {
    "fleet": {
        "supply": [
            {"accelerator": "h100-sxm", "site": "east", "price_usd_per_hour": 2.0, "limit": 64},
            {"accelerator": "h100-sxm", "site": "north", "price_usd_per_hour": 2.6, "limit": 64},
            {"accelerator": "l40s", "site": "east", "price_usd_per_hour": 0.8, "carbon_kg_per_kwh": 0.2},
        ],
        "sites": {"east": {"carbon_kg_per_kwh": 0.5}, "north": {"carbon_kg_per_kwh": 0.02}},
    },
    "models": {"m": {"architecture": "llama-3.1-8b", "weight_precisions": ["fp8"]}},
    "workloads": [
        {
            "name": "chat",
            "input_tokens": 500,
            "output_tokens": 300,
            "demand_tokens_per_s": 60000,
            "max_tpot_ms": 40,
        }
    ],
    "layouts": {"instance_gpus": [1, 2]},
    "assumptions": "erdil-2025",
}


def problem(**changes: Any) -> Problem:
    return Problem(load_study(STUDY | changes))


def test_a_config_may_ask_for_whatever_the_table_holds() -> None:
    schema = Question.model_json_schema()["properties"]
    for key, names in (("minimise", MINIMISED), ("maximise", MAXIMISED)):
        allowed = next(way["enum"] for way in schema[key]["anyOf"] if "enum" in way)
        assert tuple(allowed) == names
    assert set(MINIMISED) | set(MAXIMISED) == set(OBJECTIVES)
    assert set(get_args(Axis)) <= set(OBJECTIVES)
    assert {Question(minimise=name).form for name in MINIMISED} == {"minimise"}
    assert {Question(maximise=name, workload="w").form for name in MAXIMISED} <= set(QUESTIONS)


def test_columns_and_units_are_those_of_tables() -> None:
    for row in COUNTED:
        assert row.column in SUPPLY_COLUMNS
        assert title_and_unit(row.column)[1] == row.unit


@pytest.mark.parametrize("name", MINIMISED)
def test_every_objective_is_recomputed_bounded_and_compared_with_the_plan_made_by_hand(name: str) -> None:
    plan = solve(STUDY | {"question": {"minimise": name}}, compare=False)
    objective = OBJECTIVES[name]
    assert plan.status.solution == "proven" and plan.objective.unit == objective.unit
    assert plan.objective.value == pytest.approx(plan.supply[objective.column].sum())
    checks = {check.name for check in plan.certificate.checks}
    assert {
        f"{objective.noun} recomputed", "objective no better than its bound", "no worse than the plan made by hand",
        "bound no better than the plan made by hand",
    } <= checks  # fmt: skip
    assert [check.name for check in plan.certificate.cross_checks] == [
        "no better than what the relaxation's duals prove"
    ]
    for other in MINIMISED:
        best = solve(STUDY | {"question": {"minimise": other}}, compare=False)
        column = OBJECTIVES[other].column
        assert best.supply[column].sum() <= plan.supply[column].sum() * (1 + 2e-4)


def test_carbon_is_power_times_the_intensity_of_the_supply_or_its_site() -> None:
    supplies = {supply.name: supply for supply in problem().study.supplies}
    east, north, l40s = (supplies[name] for name in ("h100-sxm@east", "h100-sxm@north", "l40s@east"))
    assert east.power_kw is not None and l40s.power_kw is not None
    assert CARBON.counted(east) == pytest.approx(east.power_kw * 0.5)
    assert CARBON.counted(north) == pytest.approx(east.power_kw * 0.02)
    assert CARBON.counted(l40s) == pytest.approx(l40s.power_kw * 0.2)  # its own goes before its site's
    assert counts_of(east)["cost"] == COST.counted(east) == 2.0


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"question": {"minimise": "carbon"}}, "carbon_kg_per_kwh", "kg of CO2 per kWh"),
        ({"carbon_limit_kg_per_hour": 4.0}, "carbon_kg_per_kwh", "kg of CO2 per kWh"),
        ({"question": {"minimise": "power"}}, "power_kw_per_accelerator", "no design power"),
    ],
)
def test_what_is_counted_must_be_known_of_every_supply(changes: dict[str, Any], key: str, words: str) -> None:
    accelerator = {
        "name": "own", "hbm_gb": 80, "hbm_bandwidth_gb_s": 2000, "tflops": {"bf16": 400},
        "scaleup_gb_s": 300, "scaleup_domain": 8,
    }  # fmt: skip
    fleet = {"supply": [{"accelerator": accelerator, "price_usd_per_hour": 1.0}]}
    with pytest.raises(InputError) as caught:
        problem(fleet=fleet, **changes)
    assert any(f"fleet.supply[0].{key}" in said and words in said for said in caught.value.problems)


def test_a_site_that_no_supply_names_is_a_mistake() -> None:
    with pytest.raises(InputError, match="no supply names it as its site"):
        problem(fleet={**STUDY["fleet"], "sites": {"west": {"carbon_kg_per_kwh": 0.1}}})


def test_tightening_the_carbon_of_the_cheapest_plan_costs_more_and_emits_less() -> None:
    free = solve(STUDY, compare=False)
    emitted = free.carbon_kg_per_hour
    least = solve(STUDY | {"question": {"minimise": "carbon"}}, compare=False).carbon_kg_per_hour
    assert least < emitted
    before = free.usd_per_hour
    for share in (0.6, 0.2):
        most = least + share * (emitted - least)
        plan = solve(STUDY | {"carbon_limit_kg_per_hour": round(most, 6)}, compare=False)
        assert plan.found and plan.carbon_kg_per_hour <= most * (1 + 1e-6)
        assert plan.usd_per_hour >= before - 1e-6
        before = plan.usd_per_hour
        assert any(check.name == "carbon" and check.passed for check in plan.certificate.checks)
    none = solve(STUDY | {"carbon_limit_kg_per_hour": round(least * 0.9, 6)}, compare=False)
    assert none.status.termination == "infeasible"
    assert any("of carbon (carbon_limit_kg_per_hour)" in clash for clash in none.clashes)
    wanted = next(r for r in none.relaxations if r["keys"] == ["carbon_limit_kg_per_hour"])
    assert wanted["sentence"].startswith("carbon of ")
    enough = solve(STUDY | {"carbon_limit_kg_per_hour": float(wanted["sentence"].split()[2])}, compare=False)
    assert enough.found


def test_questions_are_objects_with_a_goal(tmp_path: Any) -> None:
    for asked, goal in (
        ({"minimise": "carbon"}, "carbon"),
        ({"maximise": "throughput", "workload": "chat", "budget_usd_per_hour": 50}, "throughput"),
        ({"maximise": "pace", "workload": "chat", "budget_usd_per_hour": 50}, "cost"),
        ({"frontier": ["pace", "throughput"], "workload": "chat"}, "throughput"),
    ):
        assert question_of(problem(question=asked)).goal.objective is OBJECTIVES[goal]


def test_physics_does_not_depend_on_what_is_counted() -> None:
    library = OptionSource(problem().study).library
    first = OptionSource(problem().study, library=library).options()
    for changes in ({"carbon_limit_kg_per_hour": 9.0}, {"power_limit_kw": 9.0}, {"detail": "quick"}):
        again = OptionSource(problem(**changes).study, library=library).options()
        assert [option.id for option in again.options] == [option.id for option in first.options]
    assert library.tables.misses == 2  # two accelerators, once each
    assert Study.model_fields.keys() >= {"carbon_limit_kg_per_hour", "detail"}
