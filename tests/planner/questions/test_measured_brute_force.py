"""Measured options against brute force: every number of instances, and scipy's linear program for the flows."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from planner.config.load import study_from
from planner.problem.problem import Problem
from planner.questions.ask import ask

WORK = ("chat", "code")
ROLES = ("aggregated", "prefill", "decode")
MOST = 3


@st.composite
def fleets(draw: Any) -> dict[str, Any]:
    """Up to four measured options on accelerators of their own, at most three instances of each."""
    count = draw(st.integers(2, 4))
    rates = st.one_of(st.just(0.0), st.floats(0.5, 9.0))
    options = [
        {
            "price": draw(st.integers(1, 9)),
            "gpus": draw(st.sampled_from([1, 2])),
            "role": draw(st.sampled_from(ROLES)),
            "rates": [round(draw(rates), 2) for _ in WORK],
        }
        for _ in range(count)
    ]
    demand = [draw(st.integers(1, 8)) for _ in WORK]
    return {"options": options, "demand": demand, "budget": draw(st.integers(5, 40))}


def most_multiples(fleet: dict[str, Any], counts: tuple[int, ...]) -> float:
    """The largest t for which these instances serve t times the demand; 0 where they serve nothing."""
    options, demand = fleet["options"], fleet["demand"]
    names = [(o, w) for o in range(len(options)) for w in range(len(WORK)) if options[o]["rates"][w] > 0]
    columns = len(names) + 1  # flows, then t
    upper, equal = [], []
    for o, count in enumerate(counts):
        row = np.zeros(columns)
        for i, (option, w) in enumerate(names):
            row[i] = 1 / options[option]["rates"][w] if option == o else 0.0
        upper.append((row, float(count)))
    for w in range(len(WORK)):
        served, prompts = np.zeros(columns), np.zeros(columns)
        for i, (option, work) in enumerate(names):
            if work == w:
                role = options[option]["role"]
                served[i] = float(role != "prefill")
                prompts[i] = {"aggregated": 0.0, "decode": 1.0, "prefill": -1.0}[role]
        served[-1] = -demand[w]
        equal.append((served, 0.0))
        upper.append((prompts, 0.0))
    goal = np.zeros(columns)
    goal[-1] = -1.0
    found = linprog(
        goal,
        np.array([row for row, _ in upper]),
        [value for _, value in upper],
        np.array([row for row, _ in equal]),
        [value for _, value in equal],
    )
    return float(found.x[-1]) if found.status == 0 else 0.0


def every_count(fleet: dict[str, Any]) -> list[tuple[float, float]]:
    """(cost, multiples of demand) of every number of instances."""
    options = fleet["options"]
    result = []
    for counts in itertools.product(range(MOST + 1), repeat=len(options)):
        cost = sum(n * o["gpus"] * o["price"] for n, o in zip(counts, options, strict=True))
        result.append((float(cost), most_multiples(fleet, counts)))
    return result


def source(fleet: dict[str, Any], folder: Path, question: dict[str, Any]) -> Problem:
    lines = ["model,accelerator,gpus,workload,requests_per_s,role"]
    for i, option in enumerate(fleet["options"]):
        for name, rate in zip(WORK, option["rates"], strict=True):
            lines.append(f"m,x{i},{option['gpus']},{name},{rate},{option['role']}")
    (folder / "rows.csv").write_text("\n".join(lines), encoding="utf-8")
    config = {
        "fleet": {
            "supply": [
                {"accelerator": f"x{i}", "price_usd_per_hour": o["price"], "limit": MOST * o["gpus"]}
                for i, o in enumerate(fleet["options"])
            ]
        },
        "workloads": [
            {"name": name, "model": "m", "demand_requests_per_s": rate}
            for name, rate in zip(WORK, fleet["demand"], strict=True)
        ],
        "physics": False,
        "profiles": ["rows.csv"],
        "question": question,
        "solver": {"gap": 0.0},
    }
    return Problem(study_from(config, "config.yaml", folder))


@settings(max_examples=25, deadline=None)
@given(fleets())
def test_cost_and_throughput(fleet: dict[str, Any]) -> None:
    plans = every_count(fleet)
    with tempfile.TemporaryDirectory() as name:
        cost = ask(source(fleet, Path(name), {"minimise": "cost"}))
        budget = {"maximise": "throughput", "budget_usd_per_hour": fleet["budget"]}
        most = ask(source(fleet, Path(name), budget))
    enough = [plan for plan, multiples in plans if multiples >= 1 - 1e-9]
    if enough:
        assert cost.objective == pytest.approx(min(enough))
        assert cost.holds == "proven"
    else:
        assert (cost.termination, cost.objective) == ("infeasible", None)
    best = max(multiples for plan, multiples in plans if plan <= fleet["budget"] + 1e-9)
    if best > 1e-9:
        assert most.objective == pytest.approx(best * sum(fleet["demand"]), rel=1e-6)
        assert most.holds == "proven"
    else:
        assert most.termination == "infeasible"
