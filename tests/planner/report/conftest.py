"""Plans to report on: one solved once, and one made by hand with hostile names."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from planner.plan.plan import Plan
from planner.solving import solve

HOSTILE = "<script>alert('x')</script>[bold]&\"{{ 7*7 }}"


def study(**changes: Any) -> dict[str, Any]:
    """A small study on two supplies: two workloads of two models."""
    return {
        "name": "report",
        "fleet": {
            "supply": [
                {"accelerator": "h100-sxm", "limit": 64, "unit": 8, "price_usd_per_hour": 2.0},
                {"accelerator": "l40s", "limit": 64, "price_usd_per_hour": 0.9},
            ]
        },
        "models": {
            "llama-70b": {"architecture": "llama-3.1-70b", "weight_precisions": ["fp8"]},
            "llama-8b": {"architecture": "llama-3.1-8b"},
        },
        "workloads": [
            {"name": "chat", "model": "llama-70b", "input_tokens": 1024, "output_tokens": 300,
             "demand_tokens_per_s": 8000, "min_pace_tokens_per_s": 30},
            {"name": "small", "model": "llama-8b", "input_tokens": 512, "output_tokens": 200,
             "demand_tokens_per_s": 4000, "min_pace_tokens_per_s": 20},
        ],
        "solver": {"gap": 1e-3, "time_limit_s": 30, "threads": 1},
        **changes,
    }  # fmt: skip


@pytest.fixture(scope="session")
def plan() -> Plan:
    return solve(study())


@pytest.fixture(scope="session")
def infeasible_plan() -> Plan:
    config = study()
    config["workloads"][0]["demand_tokens_per_s"] = 1e8
    return solve(config)


@pytest.fixture(scope="session")
def hostile_plan(plan: Plan) -> Plan:
    """The plan with names that would break a page or a terminal that trusted them."""

    def rename(table: Any, column: str) -> Any:
        return table.assign(**{column: HOSTILE + table[column]})

    return dataclasses.replace(
        plan,
        name=HOSTILE,
        instances=rename(rename(rename(plan.instances, "model"), "supply"), "option"),
        service=rename(rename(rename(plan.service, "workload"), "supply"), "option"),
        supply=rename(plan.supply, "supply"),
        workloads=rename(rename(plan.workloads, "workload"), "model"),
        notes=(HOSTILE,),
    )
