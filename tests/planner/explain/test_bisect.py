"""Bisection: thresholds to half a percent, rounding on the passing side, and giving up."""

from __future__ import annotations

import pytest

from planner.explain.bisect import least_stretch, rounded_down, rounded_up


@pytest.mark.parametrize("threshold", [1.01, 1.1, 3.7, 250.0])
def test_the_threshold_lies_between_the_two_values(threshold: float) -> None:
    found = least_stretch(1.0, lambda value: value >= threshold)
    assert found is not None
    fails, passes = found
    assert fails < threshold <= passes
    assert passes / threshold <= 1.012  # half a percent, and three digits


def test_nothing_passes_or_a_test_is_undecided() -> None:
    assert least_stretch(1.0, lambda value: False) is None
    assert least_stretch(1.0, lambda value: value > 5, farthest=4.0) is None
    assert least_stretch(1.0, lambda value: None) is None


def test_rounding_keeps_three_digits_on_its_side() -> None:
    assert rounded_up(0.0012341) == pytest.approx(0.00124)
    assert rounded_down(12345.0) == 12300.0
    assert rounded_up(1230.0) == 1230.0
