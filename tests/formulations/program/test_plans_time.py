"""Plans solved by hand: time budget, memory, pace, demand, tiny demands. $1 per GPU and hour unless it says otherwise."""

from __future__ import annotations

import pytest

from tests.formulations.program.cases import cheapest, measured, option, program, solved, supply


def test_time_budget_with_a_fixed_step() -> None:
    # 10 ms per step whatever the batch, batch 8 at most: 8 tokens / 10 ms = 800 tokens/s per instance.
    # 2,000 tokens/s need 2.5 instances: 3.
    assert cheapest(program([option(limit=8, step=0.01)], {"chat": 2000.0})) == pytest.approx(3)


def test_time_budget_with_time_per_sequence() -> None:
    # 10 ms + 8·5 ms = 50 ms per step of 8: 160 tokens/s. 480 are exactly 3 instances, one token more needs a fourth.
    found = option(limit=8, step=0.01, sequence=0.005)
    assert cheapest(program([found], {"chat": 480.0})) == pytest.approx(3)
    assert cheapest(program([found], {"chat": 480.1})) == pytest.approx(4)


def test_the_higher_roof_counts() -> None:
    # Memory: 20 ms + 1 ms·b, compute: 0 + 6 ms·b. At batch 4: 24 and 24 ms: 4/24 ms = 166.7 tokens/s.
    # At batch 8: 28 and 48 ms: 8/48 ms = 166.7 tokens/s, no better.
    for batch in (4, 8):
        found = option(limit=batch, step=[0.02, 0.0], sequence=[[0.001], [0.006]])
        assert cheapest(program([found], {"chat": 166.0})) == pytest.approx(1)
        assert cheapest(program([found], {"chat": 167.0})) == pytest.approx(2)
    # At batch 2 memory limits: 22 ms, 2/22 ms = 90.9 tokens/s.
    found = option(limit=2, step=[0.02, 0.0], sequence=[[0.001], [0.006]])
    assert cheapest(program([found], {"chat": 91.0})) == pytest.approx(2)


def test_speculation_yields_tokens_per_step() -> None:
    # 2.5 tokens per sequence-step: 8·2.5 / 10 ms = 2,000 tokens/s.
    found = option(limit=8, step=0.01, tokens_per_step=2.5)
    assert cheapest(program([found], {"chat": 6000.0})) == pytest.approx(3)
    assert cheapest(program([found], {"chat": 6001.0})) == pytest.approx(4)


def test_utilisation_and_availability_shrink_the_second() -> None:
    # 800 tokens/s · 0.8 utilisation · 0.75 availability = 480 tokens/s.
    data = program([option(limit=8)], {"chat": 1440.0}, (supply(availability=0.75),), utilisation=0.8)
    assert cheapest(data) == pytest.approx(3)


def test_two_workloads_share_an_instance_by_memory() -> None:
    # Batch 8 of chat or 2 of long, 10 ms per step. Half the steps' memory each: 4 chat + 1 long per step,
    # 400 + 100 tokens/s on one instance. 401 + 100 do not fit.
    found = option(limit={"chat": 8, "long": 2}, workloads=("chat", "long"))
    assert cheapest(program([found], {"chat": 400.0, "long": 100.0})) == pytest.approx(1)
    assert cheapest(program([found], {"chat": 401.0, "long": 100.0})) == pytest.approx(2)


def test_pace_limits_the_batch_like_memory() -> None:
    # Pace allows 3 sequences, memory 8: 3/(10 ms + 3·5 ms) = 120 tokens/s. A workload without pace: 8/50 ms = 160.
    strict = option("strict", limit=3, sequence=0.005, resource="pace:memory")
    loose = option("loose", limit=8, sequence=0.005)
    assert cheapest(program([strict], {"chat": 480.0})) == pytest.approx(4)
    assert cheapest(program([loose], {"chat": 480.0})) == pytest.approx(3)


def test_each_resource_has_its_own_row() -> None:
    # chat: 8 by memory, 4 by pace; long: 2 by memory, 4 by pace. One instance, 100 steps per second:
    # x chat + y long need x/8 + y/2 ≤ 100 and x/4 + y/4 ≤ 100. x = 267, y = 133: 33.4 + 66.5 = 99.9 and 100.
    # One row on the smaller limits (4 and 2) would say 66.8 + 66.5 > 100: two instances.
    both = ("hbm", "pace:memory")
    found = option(limit=1, workloads=("chat", "long"), resource=both)
    found.batch_limit[:] = [[8, 2], [4, 4]]
    assert cheapest(program([found], {"chat": 267.0, "long": 133.0})) == pytest.approx(1)
    assert cheapest(program([found], {"chat": 267.0, "long": 134.0})) == pytest.approx(2)


def test_the_cheaper_of_two_options_serves_what_it_can() -> None:
    # big: 4 GPUs, 1,000 tokens/s; small: 1 GPU, 200 tokens/s. 1,150 tokens/s: big + small = 5 GPUs, 6 small = 6 GPUs.
    found = [measured("big", 1000, gpus=4), measured("small", 200)]
    assert cheapest(program(found, {"chat": 1150.0})) == pytest.approx(5)


def test_a_tiny_demand_needs_a_whole_instance() -> None:
    # One token per second of 10,000 is an instance; the relaxation says so too (Limit_Share), for each workload.
    found = [measured("a", 10000, workloads=("chat",)), measured("b", 10000, workloads=("long",))]
    data = program(found, {"chat": 1.0, "long": 1e-6})
    assert cheapest(data) == pytest.approx(2)
    result = solved(data)[1]
    assert result.bound is not None and result.bound * data.scale("cost") == pytest.approx(2)


def test_a_tiny_demand_beside_a_large_one_shares_its_instance() -> None:
    # 0.9 + 0.05 instances of time: one instance.
    found = measured("a", 1000, workloads=("chat", "long"))
    assert cheapest(program([found], {"chat": 900.0, "long": 50.0})) == pytest.approx(1)


def test_demand_that_no_option_serves_is_infeasible() -> None:
    data = program([measured("a", 100)], {"chat": 50.0, "long": 1.0})
    result = solved(data)[1]
    assert (result.termination, result.has_solution) == ("infeasible", False)
