"""The deployable frontier against brute force over every whole batch, and its config, outputs and figure."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from fleets import catalog
from formulations.physics.case import Case
from formulations.physics.deployable import LayoutLimits, deployable_layouts
from formulations.physics.speculation import expected_tokens, verified_tokens
from planner.cli import app
from planner.errors import InputError
from planner.step_time.speed_cost.answer import Curve, frontier
from planner.step_time.speed_cost.config import FrontierStudy, load_frontier, resolve_frontier
from planner.step_time.speed_cost.pareto import pareto, preferred

CONFIG: dict[str, Any] = {
    "fleet": {"supply": [{"accelerator": "paper-h100", "price_usd_per_hour": 2.0}]},
    "models": {
        "llama": {
            "architecture": "paper-llama-3-70b",
            "weight_precisions": ["bf16", "fp8"],
            "kv_precisions": ["bf16"],
            "speculation": [{"draft": "paper-llama-3-8b", "acceptance": 0.7, "draft_tokens": [1, 3]}],
        }
    },
    "context_tokens": 2000,
    "layouts": {"instance_gpus": [1, 2, 4, 8, 16], "pipeline": [1, 2]},
}


def curves(**changes: Any) -> tuple[Curve, ...]:
    study = FrontierStudy.model_validate(CONFIG | changes)
    return frontier(resolve_frontier(study, "test", Path())).curves


def brute_force(model: str, context: float, most: int = 6000) -> tuple[Any, Any]:
    """(pace, cost) of every layout, precision, γ and whole batch up to `most`, one case at a time."""
    assumptions, gpu = catalog.assumption_set("default"), catalog.accelerator("paper-h100")
    target, draft = catalog.architecture(model), catalog.architecture("paper-llama-3-8b")
    limits = LayoutLimits(instance_accelerators=(1, 2, 4, 8, 16), pipeline=(1, 2))
    layouts, _ = deployable_layouts(target, gpu, limits)
    batch = np.arange(1.0, most + 1)
    paces, costs = [], []
    for row, weight, drafted in product(range(layouts.shape[0]), ("bf16", "fp8"), (0, 1, 3)):
        layout = layouts.select(row)
        case = Case.of(target, gpu, assumptions, weight, "bf16")
        helper = Case.of(draft, gpu, assumptions, weight, "bf16") if drafted else None
        seconds = case.step(layout, context, verified_tokens(drafted, "bonus")).step_time(batch).total
        if helper is not None:
            seconds = seconds + drafted * helper.step(layout, context).step_time(batch).total
        fits = case.fits(layout, context, batch, helper)
        per_token = seconds[fits] / float(expected_tokens(drafted, 0.7, "bonus"))
        paces.append(1 / per_token)
        costs.append(float(layout.accelerators) * 2.0 / 3600 * per_token / batch[fits] * 1e6)
    return np.concatenate(paces), np.concatenate(costs)


@pytest.mark.parametrize("preference", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("model", ["paper-llama-3-70b", "paper-mixtral-8x22b"])
def test_preferred_fastest_and_cheapest_equal_brute_force(model: str, preference: float) -> None:
    models = {"m": CONFIG["models"]["llama"] | {"architecture": model}}
    curve = curves(models=models, preference=preference)[0]
    pace, cost = brute_force(model, 2000)
    best = preferred(pace, cost, preference)
    found = curve.preferred
    assert found is not None
    score = np.log(pace[best]) * preference - np.log(cost[best])
    ours = np.log(float(found["pace_tokens_per_s"])) * preference - np.log(
        float(found["usd_per_million_tokens"])
    )
    # dense: exact; a mixture's step bends between breakpoints, so its optimum may be one sequence off
    assert ours == pytest.approx(score, abs=1e-9 if "llama" in model else 1e-3)
    assert float(curve.rows[0]["pace_tokens_per_s"]) == pytest.approx(pace.max(), rel=1e-9)
    assert float(curve.rows[-1]["usd_per_million_tokens"]) == pytest.approx(cost.min(), rel=1e-9)


def test_rows_are_a_frontier_and_no_point_beats_brute_force() -> None:
    curve = curves()[0]
    pace = np.array([row["pace_tokens_per_s"] for row in curve.rows], dtype=float)
    cost = np.array([row["usd_per_million_tokens"] for row in curve.rows], dtype=float)
    assert np.all(np.diff(pace) < 0)
    assert np.all(np.diff(cost) < 0)
    all_pace, all_cost = brute_force("paper-llama-3-70b", 2000)
    for speed, price in zip(pace, cost, strict=True):
        assert price >= all_cost[all_pace >= speed * (1 - 1e-9)].min() * (1 - 1e-9)


def test_pareto_keeps_what_no_other_beats() -> None:
    pace, cost = np.array([5.0, 4.0, 4.0, 3.0, 2.0]), np.array([9.0, 8.0, 7.0, 7.5, 1.0])
    assert pareto(pace, cost).tolist() == [0, 2, 4]


def test_one_curve_per_model_supply_and_context() -> None:
    fleet = {
        "supply": [{"accelerator": name, "price_usd_per_hour": 1} for name in ("paper-h100", "paper-v100")]
    }
    found = curves(fleet=fleet, context_tokens=[0, 1000], layouts={"instance_gpus": [1, 8]})
    assert [curve.name for curve in found] == [
        "llama, paper-h100, 0 tokens",
        "llama, paper-h100, 1000 tokens",
        "llama, paper-v100, 0 tokens",
        "llama, paper-v100, 1000 tokens",
    ]
    tiny = curves(fleet=fleet, layouts={"instance_gpus": [1]})[1]
    assert tiny.rows == ()
    assert "no instance size that was tried holds llama" in tiny.reason


def write(folder: Path, text: str) -> str:
    path = folder / "frontier.yaml"
    path.write_text(text)
    return str(path)


SMALL = """fleet: {supply: [{accelerator: paper-h100, price_usd_per_hour: 2}]}
models: {llama: {architecture: paper-llama-3-8b}}
layouts: {instance_gpus: [1, 8]}
"""


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_command_draws_and_writes_machine_readable_output(tmp_path: Path, ending: str) -> None:
    config, figure = write(tmp_path, SMALL), tmp_path / f"figure.{ending}"
    result = CliRunner().invoke(app, ["frontier", config, "--plot", str(figure), "--output", "json"])
    assert result.exit_code == 0
    assert figure.stat().st_size > 1000
    document = json.loads(result.stdout)
    points = document["curves"][0]["points"]
    assert sum(point["preferred"] for point in points) == 1
    result = CliRunner().invoke(app, ["frontier", config, "--output", "csv", "--preference", "1"])
    from io import StringIO

    frame = pd.read_csv(StringIO(result.stdout))
    assert frame.preferred.sum() == 1
    # cheaper points are preferred by those who care less for speed
    cheap = frame[frame.preferred].usd_per_million_tokens.item()
    assert cheap <= next(p["usd_per_million_tokens"] for p in points if p["preferred"])
    assert "speed^3/price" in CliRunner().invoke(app, ["frontier", config]).stdout


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "is empty"),
        (SMALL + "colour: red\n", "colour"),
        (SMALL.replace("paper-llama-3-8b", "paper-llama-3-9b"), "models.llama.architecture"),
        (SMALL.replace("paper-h100", "paper-h1000"), "fleet.supply[0].accelerator"),
        (SMALL + "preference: -1\n", "preference"),
        (SMALL + "context_tokens: -5\n", "context_tokens"),
        (SMALL + "step_model: toy\n", "needs enumeration: real"),
        (SMALL + "real: {batch: {minimum: 5, maximum: 1}}\n", "exceeds maximum"),
        (SMALL + "enumeration: whole\n", "enumeration"),
    ],
)
def test_bad_configs_name_key_and_problem(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(InputError, match=r".") as caught:
        load_frontier(write(tmp_path, text))
    assert expected in caught.value.render()
    assert "frontier.yaml" in caught.value.render()


def test_an_unknown_figure_format_is_refused_before_any_work(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["frontier", write(tmp_path, SMALL), "--plot", "figure.bmp"])
    assert isinstance(result.exception, InputError)
    assert ".png" in str(result.exception)
