"""Draws follow their distribution, and depend on seed, key and number alone."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from planner.batch.distributions import Distribution, draws

READ = TypeAdapter(Distribution).validate_python
MANY = 20_000


@pytest.mark.parametrize(
    ("distribution", "mean", "sd"),
    [
        ({"distribution": "normal", "mean": 10, "sd": 2}, 10, 2),
        # exp(mu + s²/2) and its sqrt(exp(s²) − 1) with mu = ln 10, s = 0.5
        ({"distribution": "lognormal", "median": 10, "sigma": 0.5}, 11.331, 6.039),
        ({"distribution": "uniform", "low": 2, "high": 8}, 5, 6 / np.sqrt(12)),
        # mean (a+b+c)/3; variance (a²+b²+c²−ab−ac−bc)/18 with a, c, b = 0, 3, 9
        ({"distribution": "triangular", "low": 0, "mode": 3, "high": 9}, 4, np.sqrt(63 / 18)),
    ],
)
def test_mean_and_spread(distribution: dict[str, object], mean: float, sd: float) -> None:
    values = np.array(draws(READ(distribution), "a", 1, MANY), dtype=float)
    assert values.mean() == pytest.approx(mean, abs=4 * sd / np.sqrt(MANY))
    assert values.std() == pytest.approx(sd, rel=0.04)


def test_cut_off_distributions_stay_within_and_keep_their_shape() -> None:
    values = np.array(
        draws(READ({"distribution": "normal", "mean": 0, "sd": 1, "at_least": 0}), "a", 1, MANY)
    )
    assert values.min() >= 0
    assert np.median(values) == pytest.approx(
        0.6745, abs=0.02
    )  # the upper quartile of the whole distribution
    values = np.array(
        draws(READ({"distribution": "lognormal", "median": 1, "sigma": 1, "at_most": 2}), "a", 1, MANY)
    )
    assert values.max() <= 2


def test_choices_follow_their_weights() -> None:
    choice = READ({"distribution": "choice", "values": ["fp8", ["bf16", "fp8"]], "weights": [3, 1]})
    values = draws(choice, "a", 1, MANY)
    assert values.count("fp8") / MANY == pytest.approx(0.75, abs=0.02)


def test_more_samples_leave_the_first_as_they_were_and_keys_are_independent() -> None:
    normal = READ({"distribution": "normal", "mean": 0, "sd": 1})
    assert draws(normal, "a", 7, 1000)[:10] == draws(normal, "a", 7, 10)
    assert draws(normal, "a", 7, 10) != draws(normal, "a", 8, 10)
    one, other = np.array(draws(normal, "a", 7, MANY)), np.array(draws(normal, "b", 7, MANY))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.03


def test_whole_numbers() -> None:
    values = draws(READ({"distribution": "uniform", "low": 1, "high": 9, "whole": True}), "a", 1, 50)
    assert all(isinstance(value, int) for value in values)


@pytest.mark.parametrize(
    "distribution",
    [
        {"distribution": "normal", "mean": 1, "sd": 0},
        {"distribution": "uniform", "low": 2, "high": 1},
        {"distribution": "triangular", "low": 0, "mode": 5, "high": 3},
        {"distribution": "choice", "values": [1, 2], "weights": [1]},
        {"distribution": "normal", "mean": 1, "sd": 1, "at_least": 2, "at_most": 1},
        {"distribution": "zipf"},
    ],
)
def test_nonsense_is_refused(distribution: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        READ(distribution)
