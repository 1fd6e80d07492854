"""Fits: constants come back from data made with them; outliers, bounds and cells that a fit never saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fleets import catalog
from fleets.schema.assumptions import AssumptionSet
from planner.calibration.constants import apply, request_constants
from planner.calibration.crossval import cross_validate, cross_validations
from planner.calibration.fit import constants_of, first_token_rows, fit
from planner.calibration.measured import Point, read_measurements
from planner.calibration.predict import Predictor
from tests.planner.calibration.sample import ROWS, write

TRUE = {
    "kernel_launch_latency_us": 4.0, "sequence_us": 20.0, "kv_bandwidth": 0.78, "compute_bf16": 0.65, "compute_fp8": 0.5,
    "expert_factor": 1.8, "prompt_kernel_us": 12.0, "request_ms.vllm": 30.0, "burst_share.vllm": 0.2,
    "request_ms.trtllm": 60.0, "burst_share.trtllm": 0.4, "request_ms.sglang": 90.0, "burst_share.sglang": 0.6,
}  # fmt: skip


def measured_under(assumptions: AssumptionSet, folder: Path) -> list[Point]:
    """The sample's deployments at three concurrencies, with the times that a set predicts."""
    sample = read_measurements([write(folder)]).points
    points = [replace(point, concurrency=float(c)) for point in sample for c in (2, 16, 256)]
    found = Predictor(points)(assumptions)
    return [
        replace(point, tpot_s=float(tpot), ttft_s=float(ttft))
        for point, tpot, ttft in zip(points, found.tpot, found.ttft, strict=True)
    ]


@pytest.fixture(scope="module")
def base() -> AssumptionSet:
    return catalog.assumption_set("default")


@pytest.fixture(scope="module")
def made(base: AssumptionSet, tmp_path_factory: pytest.TempPathFactory) -> list[Point]:
    return measured_under(apply(base, TRUE), tmp_path_factory.mktemp("made"))


def test_constants_come_back_from_times_made_with_them(base: AssumptionSet, made: list[Point]) -> None:
    found = fit(made, base)
    predicted = Predictor(made)(found.assumptions)
    assert np.max(np.abs(predicted.tpot / [p.tpot_s for p in made] - 1)) < 0.1
    identified = {e.constant.name: e.value for e in found.estimates if e.identified}
    for name in ("kernel_launch_latency_us", "kv_bandwidth", "compute_bf16", "compute_fp8", "expert_factor"):
        assert identified[name] == pytest.approx(TRUE[name], rel=0.08), name
    assert all(e.constant.low <= e.value <= e.constant.high for e in found.estimates)


def test_a_gross_outlier_hardly_moves_the_fit(base: AssumptionSet, made: list[Point]) -> None:
    spoiled = [replace(made[0], tpot_s=20 * made[0].tpot_s), *made[1:]]
    clean, robust = fit(made, base).values, fit(spoiled, base).values
    assert robust["kernel_launch_latency_us"] == pytest.approx(clean["kernel_launch_latency_us"], rel=0.05)


def test_a_constant_beyond_its_range_is_reported_at_its_bound(base: AssumptionSet, made: list[Point]) -> None:
    slow = [replace(point, tpot_s=point.tpot_s * 4) for point in made]
    at_bound = {e.constant.name for e in fit(slow, base).estimates if e.at_bound}
    assert at_bound  # four times slower is not within any plausible range


def test_constants_that_the_points_say_nothing_about_stay_out(made: list[Point]) -> None:
    dense = [point for point in made if point.model == "qwen3-32b" and point.weight_precision == "bf16"]
    names = {constant.name for constant in constants_of(dense)}
    assert "expert_factor" not in names and "compute_fp8" not in names
    assert {c.name for c in request_constants("vllm")} < names and "request_ms.trtllm" not in names


def test_left_out_cells_are_predicted_by_fits_that_never_saw_them(
    base: AssumptionSet, made: list[Point]
) -> None:
    few = _two_cells(made)
    spoiled = [replace(p, tpot_s=3 * p.tpot_s) if p.cell == few[0].cell else p for p in few]
    found = [cross_validate(points, base, fit(points, base), "cell") for points in (few, spoiled)]
    clean, other = (comparison.prediction for comparison in found if comparison is not None)
    seen = np.array([point.cell == few[0].cell for point in few])
    np.testing.assert_allclose(
        clean.tpot[seen], other.tpot[seen], rtol=1e-3
    )  # its own times do not matter to it
    assert np.max(np.abs(clean.tpot[~seen] / other.tpot[~seen] - 1)) > 0.05  # but to the other cell


def test_what_all_points_share_cannot_be_left_out(base: AssumptionSet, made: list[Point]) -> None:
    few = _two_cells(made)
    assert set(cross_validations(few, base, fit(few, base))) == {"cell", "model", "engine"}


def test_a_constant_at_its_lower_bound_is_fitted(base: AssumptionSet, made: list[Point]) -> None:
    fast = [replace(p, tpot_s=p.tpot_s * (0.5 if "deepseek" in p.model else 1.0)) for p in made]
    found = {e.constant.name: e for e in fit(fast, base).estimates}["expert_factor"]
    assert found.value >= found.constant.low  # 1, below which the schema refuses it


def test_ttft_counts_up_to_the_concurrency_of_the_fit(made: list[Point]) -> None:
    rows = first_token_rows(made)
    assert rows.sum() == 2 * len(ROWS)
    assert first_token_rows([replace(made[0], ttft_s=None)]).sum() == 0


def _two_cells(points: Sequence[Point]) -> list[Point]:
    cells = ("qwen3-32b | h100-sxm | bf16", "llama-3.1-8b | h100-sxm | bf16")
    return [point for cell in cells for point in points if point.cell == cell]
