"""Predictions: the steady state of chunked prefill by hand, capacity, and sets against measured points."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fleets import catalog
from formulations.physics.case import Case
from formulations.physics.layout import Layout
from formulations.physics.precision import arithmetic_rate
from formulations.physics.prefill import prefill_time
from planner.calibration.measured import Point, read_measurements
from planner.calibration.predict import Predictor
from planner.calibration.report import Comparison
from tests.planner.calibration.sample import write


@pytest.fixture
def points(tmp_path: Path) -> tuple[Point, ...]:
    return read_measurements([write(tmp_path)]).points


def test_tpot_is_a_step_and_the_prompts_that_ride_along(points: tuple[Point, ...]) -> None:
    point = next(
        p for p in points if p.model == "qwen3-32b" and p.output_tokens == 128 and p.concurrency == 32
    )
    assumptions = catalog.assumption_set("serving-2026")
    case = Case.of(
        catalog.architecture("qwen3-32b"), catalog.accelerator("h100-sxm"), assumptions, "bf16", "bf16"
    )
    layout, given, written = Layout.of(8), 0.9 * 1024, 0.9 * 128  # true lengths are 0.9 of the maxima
    step = case.step(layout, given + written / 2).step_time(32).total
    rate = arithmetic_rate(case.machine, assumptions, "bf16", prefill=True)
    prompt = prefill_time(case.architecture, case.machine, assumptions, layout, rate, given)
    found = Predictor([point])(assumptions)
    # 32 sequences, each replaced every 115.2 steps: 32/115.2 prompts ride along with a step
    assert found.tpot[0] == pytest.approx(float(step + 32 / written * prompt), rel=1e-12)
    assert found.tpot[0] == pytest.approx(point.tpot_s, rel=0.2)


def test_batch_ends_where_the_kv_cache_fills_the_hbm(points: tuple[Point, ...]) -> None:
    tight = next(p for p in points if p.model == "qwen3-32b" and p.accelerators == 1)
    found = Predictor([tight, replace(tight, concurrency=100_000.0)])(catalog.assumption_set("serving-2026"))
    # (0.9·80 GB − 32.8 GB)/(64 layers·2·8·128 elements·1 byte·(1843 + 115) tokens) = 153 sequences
    assert found.batch[0] == 32 and 140 < found.batch[1] < 160


def test_fitted_sets_are_nearer_than_the_ideal_on_every_engine(points: tuple[Point, ...]) -> None:
    errors = {
        name: Comparison(points, Predictor(points)(catalog.assumption_set(name))).tpot().mape
        for name in ("erdil-2025", "default", "serving-2026")
    }
    assert (
        errors["serving-2026"] < 0.12 < errors["default"]
        and errors["serving-2026"] < errors["erdil-2025"] / 1.5
    )


@pytest.mark.parametrize("engine", ["vllm", "trtllm", "sglang"])
def test_each_engine_has_a_set_that_fits_it(points: tuple[Point, ...], engine: str) -> None:
    own = tuple(point for point in points if point.engine == engine)
    found = Comparison(own, Predictor(own)(catalog.assumption_set(f"{engine}-2026"))).tpot()
    assert found.points >= 4 and found.median_ape < 0.12


def test_grouping_does_not_change_a_prediction(points: tuple[Point, ...]) -> None:
    assumptions = catalog.assumption_set("serving-2026")
    together = Predictor(points)(assumptions)
    alone = [Predictor([point])(assumptions) for point in points]
    np.testing.assert_allclose(together.tpot, [float(found.tpot[0]) for found in alone], rtol=1e-12)
    np.testing.assert_allclose(together.ttft, [float(found.ttft[0]) for found in alone], rtol=1e-12)
