"""Other tools' problems written as a config and a CSV of measured capacity."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from planner.config.load import study_from
from planner.problem.answer import Answer
from planner.problem.problem import Problem
from planner.problem.solve import solve
from planner.questions.minimise import CHEAPEST

COST = CHEAPEST


def cheapest(
    folder: Path,
    prices: dict[str, float],
    demand: dict[str, tuple[str, float]],
    capacity: Iterable[tuple[str, str, int, str, float]],
    limits: dict[str, int] | None = None,
    **settings: Any,
) -> Answer:
    """Minimise cost. `demand` is (model, requests/s) by workload; `capacity` lists model, accelerator, gpus, workload and
    requests/s."""
    with (folder / "profile.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["model", "accelerator", "gpus", "workload", "requests_per_s"])
        writer.writerows(capacity)
    supply = [
        {"accelerator": name, "price_usd_per_hour": price, "limit": (limits or {}).get(name)}
        for name, price in prices.items()
    ]
    workloads = [
        {"name": name, "model": model, "demand_requests_per_s": rate}
        for name, (model, rate) in demand.items()
        if rate > 0
    ]
    config: dict[str, Any] = {
        "fleet": {"supply": supply},
        "workloads": workloads,
        "physics": False,
        "profiles": ["profile.csv"],
        "solver": {"gap": 1e-6, "time_limit_s": 100},
    }
    return solve(Problem(study_from(config | settings, "peer.yaml", folder)), COST)
