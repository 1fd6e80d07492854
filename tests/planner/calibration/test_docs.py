"""docs/accuracy.md keeps up with the shipped sets: their errors and constants stand there as the sets have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleets import catalog
from planner.calibration.tables import left_out_cells

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "accuracy.md").read_text(encoding="utf-8")
ENGINES = ("vllm-2026", "trtllm-2026", "sglang-2026")


@pytest.mark.parametrize("name", ["serving-2026", *ENGINES])
def test_errors_of_the_fit_stand_on_the_page(name: str) -> None:
    fit = catalog.assumption_set(name).fit
    assert fit is not None and fit.ttft_median is not None
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {name} |"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert int(cells[1]) == fit.points and int(cells[5]) == fit.ttft_points
    shown = [float(cells[column]) for column in (2, 3, 6)]
    assert shown == pytest.approx(
        [100 * fit.tpot_mape, 100 * fit.tpot_median, 100 * fit.ttft_median], abs=0.06
    )


@pytest.mark.parametrize("name", ["serving-2026", *ENGINES])
def test_errors_of_what_was_left_out_stand_on_the_page_and_meet_their_limits(name: str) -> None:
    fit = catalog.assumption_set(name).fit
    assert fit is not None and fit.errors
    for found in fit.errors:
        assert f"| {name} | {' | '.join(left_out_cells(found))} |" in PAGE
    mape = {found.facet: 100 * found.tpot.mape for found in fit.errors}
    assert mape["cell"] <= 16 and mape["accelerator"] <= 16 and mape["model"] <= 17


def test_constants_stand_on_the_page() -> None:
    assumptions = catalog.assumption_set("serving-2026")
    constants, engine = assumptions.default_accelerator, assumptions.engine
    for shown in (
        f"| kernel_launch_latency_us | {constants.kernel_launch_latency_us:.2f} µs |",
        f"| sequence_us | {engine.sequence_us:.1f} µs |",
        f"| sustained_bandwidth_fraction | {constants.sustained_bandwidth_fraction:.2f} |",
        f"| kv_bandwidth_fraction | {constants.kv_bandwidth_fraction:.2f} |",
        f"| expert_factor | {engine.expert_factor:.2f} |",
        f"| half_rate_tokens | {constants.half_rate_tokens:.0f} |",
        f"| prompt_kernel_us | {engine.prompt_kernel_us:.1f} µs |",
        f"| first_token_steps | {engine.first_token_steps:.1f} |",
    ):
        assert shown in PAGE
