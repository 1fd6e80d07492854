"""Queueing in front of prompts: closed forms by hand, against a simulation, and the bound that keeps a TTFT limit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations.physics.queueing import mean_wait, mixed_service, quantile_wait, utilisation_for_ttft


def test_waits_by_hand() -> None:
    # M/D/1 at ρ = 0.5 and S = 0.2 s: 0.5·0.2/(2·0.5) = 0.1 s; M/M/1 twice that
    assert mean_wait(0.2, 0.5) == pytest.approx(0.1)
    assert mean_wait(0.2, 0.5, 1.0) == pytest.approx(0.2)
    assert np.isinf(mean_wait(0.2, 1.0)) and mean_wait(0.2, 0.0) == 0.0
    # M/M/1 sojourn, 95 %: 0.2·ln 20/0.5
    assert quantile_wait(0.2, 0.5, 0.95) == pytest.approx(0.4 * np.log(20))


def test_bound_on_utilisation_by_hand() -> None:
    # T = 0.5 s, S = 0.2 s, fixed 0.1 s: 0.2 s may be waited, ρ = 2·0.2/(2·0.2 + 0.2) = 2/3
    assert utilisation_for_ttft(0.2, 0.5, fixed_s=0.1) == pytest.approx(2 / 3)
    assert utilisation_for_ttft(0.2, 0.5, fixed_s=0.4) == -np.inf  # an idle instance is too slow
    assert utilisation_for_ttft(0.0, 0.5) == 1.0  # no prompt, no queue
    assert utilisation_for_ttft(0.2, 2.0, quantile=0.95) == pytest.approx(1 - 0.1 * np.log(20))


@given(st.floats(0.01, 5), st.floats(0.02, 50), st.floats(0, 2), st.floats(0, 1))
def test_the_bound_is_where_the_mean_ttft_meets_its_limit(
    service: float, limit: float, fixed: float, spread: float
) -> None:
    busy = float(utilisation_for_ttft(service, limit, fixed, spread))
    if limit - fixed - service < 0:
        assert busy == -np.inf
        return
    assert 0 <= busy < 1
    assert fixed + service + mean_wait(service, busy, spread) == pytest.approx(limit, rel=1e-6)


def test_the_bound_holds_in_a_simulated_queue() -> None:
    service, limit = 0.2, 0.5
    busy = float(utilisation_for_ttft(service, limit))
    arrivals = np.cumsum(np.random.default_rng(1).exponential(service / busy, 200_000))
    done = 0.0
    sojourn = np.empty(len(arrivals))
    for index, arrival in enumerate(arrivals):
        done = max(done, arrival) + service
        sojourn[index] = done - arrival
    assert sojourn.mean() == pytest.approx(limit, rel=0.05)
    allowed = float(utilisation_for_ttft(service, 2.0, quantile=0.95))
    assert np.quantile(sojourn, 0.95) < quantile_wait(service, busy, 0.95) and allowed < 1


def test_workloads_that_share_an_instance_queue_together() -> None:
    # 2/s of 0.1 s and 1/s of 0.4 s: mean 0.2 s, E[S²] = (2·0.01 + 0.16)/3 = 0.06, cv² = 0.06/0.04 − 1 = 0.5
    mean, spread = mixed_service([0.1, 0.4], [2.0, 1.0])
    assert (float(mean), float(spread)) == (pytest.approx(0.2), pytest.approx(0.5))
    assert mixed_service([0.1, 0.4], [0.0, 0.0]) == (0.0, 0.0)
