"""Measured studies against a program written a second time: the same optimum to 1e-6, or no plan in both."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.config.load import study_from
from planner.solving import solve
from tests.independent.measured import study, write
from tests.independent.program import optimum

IN_CI, ALL = 25, 300


@pytest.mark.parametrize(
    "seed", [*range(IN_CI), *(pytest.param(s, marks=pytest.mark.long) for s in range(IN_CI, ALL))]
)
def test_the_same_optimum(seed: int, tmp_path: Path) -> None:
    config, lines, offers, supplies, asked = study(seed)
    write(lines, tmp_path)
    plan = solve(study_from(config, f"seed {seed}", tmp_path), explain=False)
    expected = optimum(offers, supplies, asked)
    if expected is None or (asked.objective == "throughput" and expected <= 1e-9):
        assert plan.status.termination == "infeasible"
        return
    if asked.objective == "throughput":
        expected *= sum(asked.demand.values())
    assert plan.status.solution == "proven"
    assert plan.objective.value == pytest.approx(expected, rel=1e-6)
    assert plan.objective.bound == pytest.approx(expected, rel=1e-6)
