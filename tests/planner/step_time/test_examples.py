"""Every config in examples/paper: it is understood, draws a curve for each of its models, and says how to run it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from planner.step_time.speed_cost.answer import frontier
from planner.step_time.speed_cost.config import Axis, load_frontier

FOLDER = Path(__file__).resolve().parents[3] / "examples" / "paper"
CONFIGS = sorted(path.name for path in FOLDER.glob("*.yaml"))


def test_there_is_one_config_per_figure() -> None:
    assert {
        "toy-model.yaml", "as-presented.yaml", "models.yaml", "speculation.yaml", "accelerators.yaml",
        "quantisation.yaml", "context-lengths.yaml", "mistral-deepseek-long-context.yaml", "recommended-choices.yaml",
    } == set(CONFIGS)  # fmt: skip


@pytest.mark.parametrize("name", CONFIGS)
def test_config_answers_on_a_coarse_grid(name: str) -> None:
    path = FOLDER / name
    assert f"fleetplan frontier examples/paper/{name}" in path.read_text()
    config = load_frontier(path)
    coarse = config.study.real.model_copy(update={"accelerators": Axis(points=24), "batch": Axis(points=24)})
    answer = frontier(replace(config, study=config.study.model_copy(update={"real": coarse})))
    count = len(config.models) * len(config.supplies) * len(config.study.contexts)
    assert len(answer.curves) == count
    for curve in answer.curves:
        assert curve.rows, curve.reason
        assert curve.preferred is not None
