"""Small studies with pinned prices, quick to solve again and again."""

from __future__ import annotations

import copy
from typing import Any

from planner.config.load import load_study
from planner.problem.problem import Problem

BASE: dict[str, Any] = {
    "name": "small",
    "fleet": {
        "supply": [
            {"accelerator": "h100-sxm", "price_usd_per_hour": 2.0, "limit": 64, "unit": 8},
            {"accelerator": "a100-80gb-sxm", "price_usd_per_hour": 1.9, "limit": 64},
        ]
    },
    "models": {"llama-70b": {"architecture": "llama-3.1-70b", "weight_precisions": ["fp8"]}},
    "workloads": [
        {
            "name": "chat", "model": "llama-70b", "input_tokens": 1000, "output_tokens": 300,
            "demand_tokens_per_s": 20000, "max_tpot_ms": 40,
        }
    ],
    "assumptions": "erdil-2025",
    "solver": {"gap": 1e-6, "time_limit_s": 60},
}  # fmt: skip


def study(**changes: Any) -> dict[str, Any]:
    """The base study with top-level keys replaced."""
    return copy.deepcopy(BASE) | changes


def limits(h100: int | None, a100: int | None, a100_price: float | None = None) -> dict[str, Any]:
    """The base fleet with other limits, and another price of the A100."""
    fleet = copy.deepcopy(BASE["fleet"])
    if a100_price is not None:
        fleet["supply"][1]["price_usd_per_hour"] = a100_price
    fleet["supply"][0]["limit"], fleet["supply"][1]["limit"] = h100, a100
    return fleet


def chat(**changes: Any) -> dict[str, Any]:
    """The base workload with keys replaced; None removes one."""
    merged = BASE["workloads"][0] | changes
    return {key: value for key, value in merged.items() if value is not None}


def source_of(config: dict[str, Any]) -> Problem:
    """The options of a study."""
    return Problem(load_study(config))
