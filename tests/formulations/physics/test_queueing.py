"""Queueing in front of prompts: closed forms by hand, against a simulation, and the bound that keeps a TTFT limit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations.physics.queueing import mean_wait, mixed_service, quantile_wait, queued_seconds


def test_waits_by_hand() -> None:
    # M/D/1 at ρ = 0.5 and S = 0.2 s: 0.5·0.2/(2·0.5) = 0.1 s; M/M/1 twice that
    assert mean_wait(0.2, 0.5) == pytest.approx(0.1)
    assert mean_wait(0.2, 0.5, 1.0) == pytest.approx(0.2)
    assert np.isinf(mean_wait(0.2, 1.0)) and mean_wait(0.2, 0.0) == 0.0
    # M/M/1 sojourn, 95 %: 0.2·ln 20/0.5
    assert quantile_wait(0.2, 0.5, 0.95) == pytest.approx(0.4 * np.log(20))


def test_what_prompts_weigh_by_hand() -> None:
    # S = 0.2 s, W = 0.2 s: each second weighs 1.5, so ρ may be 2/3, where M/D/1 waits (2/3)·0.2/(2/3) = 0.2 s
    assert queued_seconds(1.0, 0.2, 0.2) == pytest.approx(1.5)
    assert mean_wait(0.2, 1 / 1.5) == pytest.approx(0.2)
    assert np.isinf(queued_seconds(1.0, 0.2, 0.0))  # no time to wait
    assert queued_seconds(0.0, 0.2, 0.0) == 0.0  # no prompts, no queue


@given(
    st.lists(st.tuples(st.floats(0.01, 5), st.floats(0.01, 10)), min_size=1, max_size=4), st.floats(0.001, 50)
)
def test_the_weights_fill_the_time_where_the_mean_wait_meets_its_limit(
    prompts: list[tuple[float, float]], limit: float
) -> None:
    """Any mix of lengths, scaled until its weights are 1, waits as long as the limit says."""
    service, rates = np.array(prompts).T
    rates = rates / queued_seconds(rates * service, service, limit).sum()
    mean, spread = mixed_service(service, rates)
    assert mean_wait(mean, float(service @ rates), spread) == pytest.approx(limit, rel=1e-6)


def test_the_limit_holds_in_a_simulated_queue() -> None:
    """Two lengths of prompts, Poisson arrivals: the waits that the weights allow are those that a queue has."""
    random = np.random.default_rng(1)
    service, limit = np.array([0.1, 0.4]), 0.5
    rates = np.array([2.0, 1.0])
    rates = rates / queued_seconds(rates * service, service, limit).sum()
    arrivals = np.cumsum(random.exponential(1 / rates.sum(), 400_000))
    lengths = random.choice(service, len(arrivals), p=rates / rates.sum())
    done, waits = 0.0, np.empty(len(arrivals))
    for index, (arrival, length) in enumerate(zip(arrivals, lengths, strict=True)):
        waits[index] = max(done - arrival, 0.0)
        done = max(done, arrival) + length
    assert waits.mean() == pytest.approx(limit, rel=0.05)


def test_workloads_that_share_an_instance_queue_together() -> None:
    # 2/s of 0.1 s and 1/s of 0.4 s: mean 0.2 s, E[S²] = (2·0.01 + 0.16)/3 = 0.06, cv² = 0.06/0.04 − 1 = 0.5
    mean, spread = mixed_service([0.1, 0.4], [2.0, 1.0])
    assert (float(mean), float(spread)) == (pytest.approx(0.2), pytest.approx(0.5))
    assert mixed_service([0.1, 0.4], [0.0, 0.0]) == (0.0, 0.0)
