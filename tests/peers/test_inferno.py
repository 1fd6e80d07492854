"""The fleet problem of the inferno optimiser: every server is a model of its own, on one accelerator or several."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.peers.measured import cheapest


def test_one_kind_or_several(tmp_path: Path) -> None:
    # Demand 7. big: 5/s for 5 $, small: 1/s for 1.3 $ . Mixed: 1 big + 2 small = 7.6 $; only small: 7·1.3 = 9.1 $;
    # only big: 2·5 = 10 $; so one kind alone costs 9.1 $.
    prices, demand = {"big": 5.0, "small": 1.3}, {"s0": ("s0", 7.0)}
    capacity = [("s0", "big", 1, "s0", 5.0), ("s0", "small", 1, "s0", 1.0)]
    mixed = cheapest(tmp_path, prices, demand, capacity)
    assert mixed.objective == pytest.approx(7.6)
    single = cheapest(tmp_path, prices, demand, capacity, max_kinds_per_workload=1)
    assert single.objective == pytest.approx(9.1)
    limited = cheapest(tmp_path, prices, demand, capacity, {"small": 6}, max_kinds_per_workload=1)
    assert limited.objective == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("kinds", "limited", "cost"),
    [(1, False, 765.4), (1, True, 773.0), (None, False, 747.0), (None, True, 760.5)],
)
def test_the_optimisers_demo(
    shared_data: Path, tmp_path: Path, kinds: int | None, limited: bool, cost: float
) -> None:
    demo = json.loads((shared_data / "peers" / "lpsolve_demo.json").read_text(encoding="utf-8"))
    accelerators = [f"a{i}" for i in range(len(demo["instanceCost"]))]
    servers = {f"s{i}": (f"s{i}", float(rate)) for i, rate in enumerate(demo["arrivalRates"])}
    capacity = [
        (server, accelerator, demo["numInstancesPerReplica"][i][j], server, demo["ratePerReplica"][i][j])
        for i, server in enumerate(servers)
        for j, accelerator in enumerate(accelerators)
    ]
    prices = dict(zip(accelerators, demo["instanceCost"], strict=True))
    limits = dict(zip(accelerators, demo["unitsAvail"], strict=True)) if limited else None
    settings = {} if kinds is None else {"max_kinds_per_workload": kinds}
    answer = cheapest(tmp_path, prices, servers, capacity, limits, **settings)
    assert answer.objective == pytest.approx(cost, rel=1e-6)
    assert answer.holds == "proven"
