"""Tangents and chords against the exact physics, for every architecture of the catalogue under both assumption sets."""

from __future__ import annotations

import numpy as np
import pytest

from fleets import catalog
from planner.config.load import load_study
from planner.options.classes import ServiceClass
from planner.options.performance import Performance
from planner.options.pieces import pieces
from planner.problem.problem import Problem

POINTS = np.array([1.0, 2.0, 3.5, 7.0, 16.0, 45.0, 130.0, 512.0, 2048.0, 20000.0])
PUBLISHED = [name for name in catalog.names("architectures") if not name.startswith("paper-")]


def tables(architecture: str, assumptions: str) -> list[Performance]:
    """Kinds of 1 to 16 accelerators, with and without a draft, for two workloads."""
    study = {
        "fleet": {"supply": [{"accelerator": "h100-sxm", "price_usd_per_hour": 1.0}]},
        "models": {
            "m": {
                "architecture": architecture,
                "weight_precisions": ["fp8"],
                "speculation": [{"draft": "llama-3.1-8b", "acceptance": 0.8, "draft_tokens": [3]}],
            }
        },
        "workloads": [
            {"name": name, "model": "m", "context_tokens": context, "demand_tokens_per_s": 1.0}
            for name, context in (("short", 500), ("long", 8000))
        ],
        "layouts": {"instance_gpus": [1, 2, 8, 16], "pipeline": [1, 2]},
        "assumptions": assumptions,
        "prefill": False,
    }
    source = Problem(load_study(study))
    return [
        performance
        for group in source.source.tables.values()
        for performance in group
        if len(performance.table)
    ]


@pytest.mark.parametrize("assumptions", ["erdil-2025", "default"])
def test_tangents_touch_and_never_lie_below(assumptions: str) -> None:
    assert len(PUBLISHED) >= 25
    for architecture in PUBLISHED:
        for performance in tables(architecture, assumptions):
            step, slope = performance.concave(POINTS[None, :])  # (R, K, P)
            value = step + slope * POINTS
            lines = step[..., :, None] + slope[..., :, None] * POINTS  # at point p, evaluated at every point
            assert np.all(lines >= value[..., None, :] * (1 - 1e-12)), architecture
            assert np.all(step > 0) and np.all(slope >= 0), architecture


@pytest.mark.parametrize("assumptions", ["erdil-2025", "default"])
def test_the_concave_part_is_the_step_time_of_the_physics(assumptions: str) -> None:
    """Roof by roof: what lines replace, plus what is linear, is the pass of `StepCoefficients.step_time`."""
    for architecture in PUBLISHED:
        for performance in tables(architecture, assumptions):
            step, slope = performance.concave(POINTS[None, :])
            linear = performance.linear[:, :, :1]
            ours = (step + (slope + linear) * POINTS).max(axis=0)  # (K, P), the first workload alone
            exact = np.zeros_like(ours)
            for coefficients, times in performance.passes:
                for column, batch in enumerate(POINTS):
                    exact[:, column] += times[:, 0] * coefficients.step_time(batch).total[:, 0]
            assert np.allclose(ours, exact, rtol=1e-9, atol=0), architecture


def test_time_per_sequence_falls_with_the_batch() -> None:
    """The optimum of a pool lies where its limits bind: without this, whole ranges of batches would be missing."""
    for architecture in PUBLISHED:
        for performance in tables(architecture, "default"):
            step, slope = performance.concave(POINTS[None, :])
            each = (step + slope * POINTS) / POINTS
            assert np.all(np.diff(each, axis=-1) <= 1e-12 * each[..., :-1]), architecture


@pytest.mark.parametrize("refinement", [0, 1, 2])
def test_chords_lie_below_between_their_ends(refinement: int) -> None:
    for architecture in ("mixtral-8x22b", "deepseek-v3", "gpt-oss-120b", "llama-3.1-70b"):
        for performance in tables(architecture, "erdil-2025"):
            (over,) = pieces(performance, ServiceClass(20.0), "over", refinement)
            (under,) = pieces(performance, ServiceClass(20.0), "under", refinement)
            for row in np.unique(under.row):
                mine = under.row == row
                low = over.point[over.row == row].min()
                high = over.point[over.row == row].max()
                for total in np.linspace(max(low, 1.0), max(high, 1.0), 7):
                    step, slope = performance.concave(np.full((1, 1), total))
                    exact = (step + slope * total)[:, row, 0]
                    concave = under.sequence_s[mine][:, :, 0] - performance.linear[None, :, row, 0]
                    lines = under.step_s[mine] + concave * total  # (lines, R)
                    below = np.all(lines <= exact * (1 + 1e-9), axis=1)
                    assert below.any(), (performance.table.name(int(row)), total)
