"""Problems of the Mélange solver (requests/s per size bucket at the SLO): cheapest fleets with divisible load.

The tool itself slices each bucket into whole parts; its answers to the example (6.70 or 5.69 $/h) depend on how many.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from planner.problem.answer import Answer
from tests.peers.measured import cheapest


def solved(problem: dict[str, Any], folder: Path) -> Answer:
    """One model; a workload per bucket; an accelerator per entry of `gpu_info`, priced per instance."""
    shares = problem["workload_distribution"]
    buckets = [(i, j) for i, row in enumerate(shares) for j in range(len(row))]
    demand = {f"b{i}-{j}": ("m", shares[i][j] * problem["total_request_rate"]) for i, j in buckets}
    gpus = problem["gpu_info"]
    capacity = [
        ("m", name, 1, f"b{i}-{j}", gpu["tputs"][i][j]) for name, gpu in gpus.items() for i, j in buckets
    ]
    return cheapest(folder, {name: gpu["cost"] for name, gpu in gpus.items()}, demand, capacity)


EXAMPLE = {
    "gpu_info": {
        "A10G": {"cost": 1.01, "tputs": [[2, 1], [5, 2]]},
        "A100-80GB": {"cost": 3.67, "tputs": [[20, 20], [40, 20]]},
    },
    "workload_distribution": [[0.2, 0.1], [0.5, 0.2]],
    "total_request_rate": 30.0,
}
"""The example that ships with Mélange (figures; repository melange-release, Apache-2.0)."""


def test_the_shipped_example_costs_4_68(tmp_path: Path) -> None:
    # Loads are 6, 3, 15, 6 requests/s. One A100 would be busy 6/20 + 3/20 + 15/40 + 6/20 = 1.125; one A10G beside it
    # takes 5 of the 15 (busy 1.0), which leaves the A100 at 1.0: 3.67 + 1.01 = 4.68 $/h. A10G alone would be busy
    # 3 + 3 + 3 + 3 = 12 instances.
    answer = solved(EXAMPLE, tmp_path)
    assert answer.objective == pytest.approx(4.68)
    assert answer.holds == "proven"


def test_a_bucket_that_an_accelerator_cannot_serve(tmp_path: Path) -> None:
    # A10G cannot serve the second bucket; the plan above does not need it to.
    problem = json.loads(json.dumps(EXAMPLE))
    problem["gpu_info"]["A10G"]["tputs"][0][1] = 0
    assert solved(problem, tmp_path).objective == pytest.approx(4.68)
    problem["gpu_info"]["A100-80GB"]["tputs"][0][1] = 0
    assert solved(problem, tmp_path).termination == "infeasible"


def test_loads_of_very_different_size_are_not_lost(tmp_path: Path) -> None:
    # small: a at 1/s, b at 1e5/s. Demand a = 2, b = 3: busy 2 + 3e-5 > 2 instances, so three small ones (3 $); a big one
    # for a still needs a small one for b (3.9 $).
    gpus = {"small": 1.0, "big": 2.9}
    capacity = [("m", "small", 1, "a", 1.0), ("m", "small", 1, "b", 1e5), ("m", "big", 1, "a", 4.0)]
    demand = {"a": ("m", 2.0), "b": ("m", 3.0)}
    answer = cheapest(tmp_path, gpus, demand, capacity)
    assert answer.objective == pytest.approx(3.0)
    assert answer.holds == "proven"


@pytest.mark.parametrize(
    ("name", "cost"),
    [
        ("00_example", 4.68),
        ("00_example_s2", 4.68),
        ("00_example_s100", 4.68),
        ("syn_g4_b10x10_s1_r4", 3.67),
        ("syn_g4_b10x10_s4_r64", 46.102),
        ("syn_g12_b30x30_s4_r4", 2.30),
    ],
)
def test_the_tools_problems(shared_data: Path, tmp_path: Path, name: str, cost: float) -> None:
    problem = json.loads((shared_data / "peers" / "melange" / f"{name}.json").read_text(encoding="utf-8"))
    answer = solved(problem, tmp_path)
    assert answer.objective == pytest.approx(cost, rel=1e-5)
    assert answer.holds == "proven"
