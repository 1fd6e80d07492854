"""Every plan says how far its own times may be off, or of what there is no measurement; for every question."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from fleets import catalog
from planner import InputError, load_study, solve
from planner.calibration.writing import write_set
from planner.plan.plan import Plan
from planner.problem.problem import Problem
from planner.questions.frontier import TracedFrontier
from planner.report.plan_page import plan_html
from planner.report.text import print_plan
from planner.report.trade import frontier_document

QUESTIONS: dict[str, dict[str, Any]] = {
    "minimise": {"minimise": "cost"},
    "gpus": {"minimise": "gpus"},
    "throughput": {"maximise": "throughput", "workload": "chat", "budget_usd_per_hour": 20},
    "pace": {"maximise": "pace", "workload": "chat", "max_usd_per_million_tokens": 5},
}


def config(
    accelerator: str = "h100-sxm", architecture: str = "llama-3.1-70b", weights: str = "fp8", **changes: Any
) -> dict[str, Any]:
    workload = {
        "name": "chat", "input_tokens": 1000, "output_tokens": 300, "demand_tokens_per_s": 3000,
        "min_pace_tokens_per_s": 20, **changes.pop("workload", {}),
    }  # fmt: skip
    return {
        "version": 1,
        "fleet": {"supply": [{"accelerator": accelerator, "price_usd_per_hour": 2.0, "limit": 64}]},
        "models": {"m": {"architecture": architecture, "weight_precisions": [weights]}},
        "workloads": [workload],
        "layouts": {"instance_gpus": [4, 8]},
        "detail": "quick",
        **changes,
    }


def text_of(plan: Plan) -> str:
    console = Console(width=400, record=True, quiet=False)
    with console.capture() as captured:
        print_plan(plan, console)
    return captured.get()


def statement(plan: Plan) -> dict[str, Any]:
    (found,) = plan.accuracy
    return found


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_states_the_error_of_its_regime_or_that_there_is_none(question: str) -> None:
    known = statement(solve(config(question=QUESTIONS[question])))
    assert known["figures_of"] == "regime" and known["no_measurement_of"] == []
    assert "llama-3.1-70b" in known["models"] and known["points"] >= 30
    unknown = solve(config("mi300x", question=QUESTIONS[question]))
    assert statement(unknown)["no_measurement_of"] == ["accelerator mi300x"]
    sentence = statement(unknown)["sentence"]
    assert "no measurement of this: accelerator mi300x" in sentence
    assert sentence in text_of(unknown) and sentence in plan_html(unknown.to_dict())
    assert unknown.to_dict()["accuracy"] == [statement(unknown)]
    assert "on average" not in text_of(unknown)


def test_a_frontier_states_it_too() -> None:
    question = {"frontier": ["cost", "pace"], "workload": "chat", "points": 2, "between": [20, 30]}
    traced = TracedFrontier(Problem(load_study(config("mi300x", question=question)))).trace()
    (found,) = frontier_document(traced)["accuracy"]
    assert found["no_measurement_of"] == ["accelerator mi300x"]


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"weights": "int4"}, "precision int4"),
        ({"layouts": {"instance_gpus": [16]}}, "more than 8 accelerators in an instance"),
        ({"layouts": {"instance_gpus": [8], "pipeline": [2]}}, "pipeline stages"),
        ({"workload": {"prefix_hit_rate": 0.5}}, "prefix caching"),
        ({"workload": {"input_tokens": 60000}}, "requests of 60,300 tokens"),
        ({"serving": ["disaggregated"]}, "prompts on instances of their own"),
    ],
)
def test_what_no_point_did_is_named(changes: dict[str, Any], missing: str) -> None:
    for found in solve(config(**changes)).accuracy:
        assert any(missing in entry for entry in found["no_measurement_of"]), found
        assert found["figures_of"] == "everything"


def test_an_accelerator_with_figures_of_its_own_was_not_measured() -> None:
    changed = catalog.accelerator("h100-sxm").model_dump(mode="json", exclude_defaults=True)
    supply = {"accelerator": {**changed, "hbm_bandwidth_gb_s": 9000}, "price_usd_per_hour": 2.0}
    found = statement(solve(config(fleet={"supply": [supply]})))
    assert found["no_measurement_of"] == ["accelerator h100-sxm"]


def test_what_was_measured_only_apart_or_with_another_model_gets_the_wider_band() -> None:
    apart = statement(solve(config("b200-sxm", "minimax-m2.5")))
    assert apart["figures_of"] == "neighbours" and "never measured together" in apart["sentence"]
    own = statement(solve(config("b200-sxm")))
    other = statement(solve(config("b200-sxm", "qwen3-32b")))
    assert own["figures_of"] == "regime" and other["figures_of"] == "neighbours"
    assert "only llama-3.1-70b was measured there" in other["sentence"]
    key = "tpot_measured_over_predicted"
    assert other[key]["10"] <= own[key]["10"] and own[key]["90"] <= other[key]["90"]
    twin = statement(solve(config("b200-sxm", "llama-3.3-70b")))
    assert twin["figures_of"] == "regime"  # the same shape under another name


def test_an_unfitted_set_knows_no_error() -> None:
    found = statement(solve(config(assumptions="default")))
    assert found["figures_of"] == "none" and found["tpot_measured_over_predicted"] == {}
    assert "default is not fitted to measurements" in found["sentence"]


def test_a_set_fitted_to_few_points_says_no_error(tmp_path: Path) -> None:
    shipped = catalog.assumption_set("serving-2026")
    assert shipped.fit is not None
    regimes = tuple(regime.model_copy(update={"errors": ()}) for regime in shipped.fit.regimes[:1])
    few = shipped.fit.model_copy(update={"points": 7, "errors": (), "regimes": regimes})
    path = tmp_path / "mine.yaml"
    write_set(shipped.model_copy(update={"name": "mine", "fit": few}), path, "a test")
    found = statement(solve(config(assumptions=str(path))))
    assert found["figures_of"] == "none" and "fitted to 7 points" in found["sentence"]
    assert f"{shipped.fit.tpot_mape:.0%}" not in found["sentence"]


def test_profiles_are_measured_and_say_no_error(tmp_path: Path) -> None:
    profile = tmp_path / "p.csv"
    profile.write_text(
        "model,accelerator,gpus,workload,requests_per_s,tpot_ms\nm,h100-sxm,4,chat,20,10\n", encoding="utf-8"
    )
    written = config(physics=False, profiles=[str(profile)])
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump(written), encoding="utf-8")
    found = statement(solve(path))
    assert found["figures_of"] == "profile" and "measured, by a profile" in found["sentence"]


def test_a_set_fitted_by_an_earlier_version_says_what_to_do(tmp_path: Path) -> None:
    shipped = catalog.assumption_set("serving-2026").model_dump(mode="json", exclude_defaults=True)
    shipped["fit"]["tpot_ratio_quantiles"] = {"90": 1.18}
    path = tmp_path / "old.yaml"
    path.write_text(yaml.safe_dump(shipped), encoding="utf-8")
    with pytest.raises(InputError, match=r"fit: is of an earlier version.*fleetplan calibrate"):
        load_study(config(assumptions=str(path)))
