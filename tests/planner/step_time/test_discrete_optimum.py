"""The cheapest point at a speed floor, found by the frontier code, against brute force with the paper's code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from planner.step_time.speed_cost.answer import frontier
from planner.step_time.speed_cost.config import FrontierStudy, resolve_frontier
from planner.step_time.speed_cost.pareto import cheapest_at
from tests.formulations.physics.golden import paper_model, paper_unit

FUNCTIONS = {
    "as_presented": ("as-presented", False, False),
    "new_pp0_noscaledown": ("full", False, False),
    "new_pp0_scaledown": ("full", False, True),
    "new_pp1_scaledown": ("full", True, True),
}
# Llama 3 8B in 16 bits on paper-H100 without context, by the paper's code: floor [tok/s] and accelerator-seconds per
# million tokens of the cheapest of N = 1, 2, …, 64 and batch = 1 … 2048 (all at N = 1)
SMALL = {20: 23.19284288, 40: 23.422692926860353, 60: 23.670115607272724, 80: 23.923685791877396}


def curve(model: str, gpu: str, context: float, function: str) -> tuple[Any, Any, Any]:
    step_model, pipeline, scaledown = FUNCTIONS[function]
    study = FrontierStudy.model_validate(
        {
            "fleet": {"supply": [{"accelerator": paper_unit(gpu), "price_usd_per_hour": 1}]},
            "models": {"model": {"architecture": paper_model(model)}},
            "context_tokens": context,
            "assumptions": "erdil-2025",
            "enumeration": "real",
            "step_model": step_model,
            "real": {
                "accelerators": {"values": [1, 2, 4, 8, 16, 32, 64]},
                "batch": {"minimum": 1, "maximum": 2048, "points": 2048, "spacing": "linear"},
                "pipeline": pipeline,
                "attention_scaledown": scaledown,
            },
        }
    )
    rows = frontier(resolve_frontier(study, "test", Path())).curves[0].rows
    columns = ("pace_tokens_per_s", "gpu_s_per_million_tokens", "gpus")
    return tuple(np.array([row[name] for row in rows], dtype=float) for name in columns)


def test_cheapest_point_of_a_small_model() -> None:
    pace, cost, gpus = curve("Llama_3_8B", "H100", 0, "as_presented")
    for floor, expected in SMALL.items():
        at = cheapest_at(pace, cost, floor)
        assert at is not None
        assert cost[at] == pytest.approx(expected, rel=1e-9)
        assert gpus[at] == 1
    assert cheapest_at(pace, cost, 1e6) is None


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_row_of_the_brute_force(shared_data: Path, function: str) -> None:
    table = pd.read_csv(shared_data / "paper" / "discrete_optimum.csv")
    rows = table[table.function == function]
    assert len(rows) >= 100
    for (model, gpu, context), group in rows.groupby(["model", "gpu", "input_len"]):
        pace, cost, _ = curve(model, gpu, context, function)
        for row in group.itertuples():
            at = cheapest_at(pace, cost, row.min_tok_s)
            what = f"{function} {model} {gpu} context {context}, {row.min_tok_s} tok/s"
            assert (at is not None) == bool(row.feasible), what
            if at is not None:
                assert cost[at] == pytest.approx(row.gpu_s_per_mtok, rel=1e-9), what
