"""A study small enough that a scenario takes some ten milliseconds, and batches of it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

STUDY: dict[str, Any] = {
    "name": "small",
    "fleet": {
        "supply": [
            {"accelerator": "h100-sxm", "price_usd_per_hour": 2.0, "limit": 64},
            {"accelerator": "l40s", "price_usd_per_hour": 0.8, "limit": 64},
        ]
    },
    "models": {"llama-8b": {"architecture": "llama-3.1-8b", "weight_precisions": ["fp8"]}},
    "workloads": [
        {
            "name": "chat",
            "input_tokens": 1024,
            "output_tokens": 300,
            "demand_tokens_per_s": 20000,
            "min_pace_tokens_per_s": 30,
        }
    ],
    "layouts": {"instance_gpus": [1, 2]},
    "solver": {"gap": 0.0, "threads": 1},
}
PRICE = "fleet.supply[h100-sxm].price_usd_per_hour"
DEMAND = "workloads.chat.demand_tokens_per_s"
PACE = "workloads.chat.min_pace_tokens_per_s"


@pytest.fixture
def study() -> dict[str, Any]:
    """A config of its own for each test."""
    return copy.deepcopy(STUDY)


@pytest.fixture
def scenario_file(tmp_path: Path) -> Path:
    """12 scenarios: price × demand × pace."""
    (tmp_path / "base.yaml").write_text(yaml.safe_dump(STUDY))
    path = tmp_path / "scenarios.yaml"
    grid = {PRICE: [1.0, 3.0], DEMAND: [10000, 20000, 30000], PACE: [20, 40]}
    path.write_text(yaml.safe_dump({"base": "base.yaml", "include_base": False, "grid": grid}))
    return path
