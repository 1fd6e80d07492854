"""Minimise cost, GPUs and power; maximise throughput and pace: answers worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from planner.errors import InputError
from planner.questions.ask import ask
from tests.planner.questions.measured import bought, source

SUPPLY = [
    {"accelerator": "big", "price_usd_per_hour": 3.0, "power_kw_per_accelerator": 1.0},
    {"accelerator": "old", "price_usd_per_hour": 0.5, "power_kw_per_accelerator": 0.9},
]
ROWS = [("big", 1, "chat", 10.0), ("old", 1, "chat", 2.0)]


@pytest.mark.parametrize(
    ("question", "value", "unit", "fleet"),
    [
        # 20 requests/s: 10 old = 5 $/h, 9 kW; 2 big = 6 $/h, 2 kW.
        ({"minimise": "cost"}, 5.0, "$/h", {"old": 10}),
        ({"minimise": "gpus"}, 2.0, "GPUs", {"big": 2}),
        ({"minimise": "power"}, 2.0, "kW", {"big": 2}),
        # Fewest GPUs for 5.25 $/h: 1 big and 4 old (5 $/h) serve 18 only, 1 big and 5 old cost 5.5: none but 10 old.
        ({"minimise": "gpus", "budget_usd_per_hour": 5.25}, 10.0, "GPUs", {"old": 10}),
    ],
)
def test_minimise(
    tmp_path: Path, question: dict[str, Any], value: float, unit: str, fleet: dict[str, int]
) -> None:
    answer = ask(source(tmp_path, SUPPLY, {"chat": 20.0}, ROWS, question=question))
    assert (answer.objective, answer.unit) == (pytest.approx(value), unit)
    assert answer.holds == "proven"
    assert bought(answer) == fleet


def test_power_limit_forces_the_efficient_accelerator(tmp_path: Path) -> None:
    # At most 5 kW: x big and y old with 10x + 2y >= 20, x + 0.9y <= 5: one big, five old are 5.5 kW; two big 2 kW, 6 $/h.
    answer = ask(source(tmp_path, SUPPLY, {"chat": 20.0}, ROWS, power_limit_kw=5.0))
    assert answer.objective == pytest.approx(6.0)
    assert ask(source(tmp_path, SUPPLY, {"chat": 20.0}, ROWS, power_limit_kw=1.5)).termination == "infeasible"


def test_power_must_be_known_where_it_counts(tmp_path: Path) -> None:
    supply = [{"accelerator": "big", "price_usd_per_hour": 3.0}]
    for settings in ({"question": {"minimise": "power"}}, {"power_limit_kw": 5.0}):
        with pytest.raises(
            InputError, match=r"fleet.supply\[0\].power_kw_per_accelerator: is missing \[kW\]"
        ):
            source(tmp_path, supply, {"chat": 20.0}, ROWS[:1], **settings)


def test_most_throughput_of_one_workload_for_a_budget(tmp_path: Path) -> None:
    # 7 $/h: 14 old at 2/s = 28/s; 2 big and 2 old = 24/s; so 28, whatever demand is written beside it.
    question = {"maximise": "throughput", "workload": "chat", "budget_usd_per_hour": 7.0}
    for demand in (None, 3.0):
        answer = ask(source(tmp_path, SUPPLY, {"chat": demand}, ROWS, question=question))
        assert (answer.objective, answer.unit) == (pytest.approx(28.0), "tokens/s")
        assert answer.holds == "proven"
        assert answer.study.workload("chat").demand == pytest.approx(28.0)


def test_most_throughput_of_one_workload_beside_another(tmp_path: Path) -> None:
    # batch takes half of one big (5 of 10/s); what is left of 2 big serves 15/s of chat.
    rows = [("big", 1, "chat", 10.0), ("big", 1, "batch", 10.0)]
    supply = [{"accelerator": "big", "limit": 2, "price_usd_per_hour": 3.0}]
    question = {"maximise": "throughput", "workload": "chat"}
    answer = ask(source(tmp_path, supply, {"chat": None, "batch": 5.0}, rows, question=question))
    assert answer.objective == pytest.approx(15.0)


def test_all_workloads_scaled_together_on_a_given_fleet(tmp_path: Path) -> None:
    # chat : code = 2 : 1. T·(2/10 + 1/4) <= 3 instances, so T = 6.67 and 3·T = 20 requests/s in all.
    rows = [("big", 1, "chat", 10.0), ("big", 1, "code", 4.0)]
    supply = [{"accelerator": "big", "limit": 3, "owned": True}]
    question = {"maximise": "throughput"}
    answer = ask(source(tmp_path, supply, {"chat": 2.0, "code": 1.0}, rows, question=question))
    assert answer.objective == pytest.approx(20.0)
    assert [workload.demand for workload in answer.study.workloads] == pytest.approx([40 / 3, 20 / 3])


def test_nothing_served_is_no_plan(tmp_path: Path) -> None:
    question = {"maximise": "throughput", "workload": "chat", "budget_usd_per_hour": 2.9}
    answer = ask(source(tmp_path, SUPPLY[:1], {"chat": None}, ROWS, question=question))
    assert (answer.termination, answer.holds, answer.objective) == ("infeasible", "none", None)


def test_power_bounds_throughput(tmp_path: Path) -> None:
    question = {"maximise": "throughput", "workload": "chat"}
    answer = ask(source(tmp_path, SUPPLY, {"chat": None}, ROWS, question=question, power_limit_kw=3.5))
    assert answer.objective == pytest.approx(30.0)  # three big at 1 kW


def test_throughput_without_end_is_refused_with_the_way_out(tmp_path: Path) -> None:
    question: dict[str, Any] = {"maximise": "throughput", "workload": "chat"}
    supply = [SUPPLY[0] | {"limit": 5}, SUPPLY[1]]
    with pytest.raises(InputError, match="no end because old has no limit; give budget_usd_per_hour"):
        ask(source(tmp_path, supply, {"chat": None}, ROWS, question=question))
    free = [{"accelerator": "big", "price_usd_per_hour": 0.0}]
    with pytest.raises(InputError, match="big costs nothing and has no limit"):
        ask(source(tmp_path, free, {"chat": None}, ROWS[:1], question=question | {"budget_usd_per_hour": 9}))


@pytest.mark.parametrize("scaled", [True, False])
def test_one_kind_for_each_workload(tmp_path: Path, scaled: bool) -> None:
    # 21 requests/s, mixed: 2 big and 1 old = 6.8 $/h; one kind: 3 big = 9.0 $/h, or 11 old = 8.8 $/h where only 9 can be
    # had. The most from one kind with 2 big or 9 old is max(20, 18), from both 38.
    supply = [
        {"accelerator": "big", "price_usd_per_hour": 3.0, "limit": 2 if scaled else 9},
        {"accelerator": "old", "price_usd_per_hour": 0.8, "limit": 9},
    ]
    rows = [("big", 1, "chat", 10.0), ("old", 1, "chat", 2.0)]
    question = {"maximise": "throughput", "workload": "chat"} if scaled else {"minimise": "cost"}
    demand = None if scaled else 21.0
    answer = ask(
        source(tmp_path, supply, {"chat": demand}, rows, question=question, max_kinds_per_workload=1)
    )
    assert answer.objective == pytest.approx(20.0 if scaled else 9.0)
    free = ask(source(tmp_path, supply, {"chat": demand}, rows, question=question))
    assert free.objective == pytest.approx(38.0 if scaled else 6.8)


PACED = [("big", 1, "chat", 10.0, 50, "slow"), ("big", 1, "chat", 2.0, 10, "fast")]
"""20 tokens/s per user at 10 requests/s, or 100 at 2."""


@pytest.mark.parametrize(("budget", "pace", "count"), [(15.0, 100.0, 5), (14.9, 20.0, 1), (3.0, 20.0, 1)])
def test_fastest_pace_within_a_budget(tmp_path: Path, budget: float, pace: float, count: int) -> None:
    # 10 requests/s: one slow instance (3 $/h), or five fast ones (15 $/h).
    question = {"maximise": "pace", "workload": "chat", "budget_usd_per_hour": budget}
    answer = ask(source(tmp_path, SUPPLY[:1], {"chat": 10.0}, PACED, question=question))
    assert (answer.objective, answer.unit) == (pytest.approx(pace), "tokens/s per user")
    assert bought(answer) == {"big": count}
    assert answer.holds == "proven"
    assert answer.bound is not None and pace <= answer.bound <= pace * (1 + 2e-4)
    assert answer.study.workload("chat").pace == pytest.approx(pace)


def test_fastest_pace_for_a_cost_per_token(tmp_path: Path) -> None:
    # Flow is 10 tokens/s = 0.036 million an hour: 15 $/h are 416.7 $ per million.
    for price, pace in ((417.0, 100.0), (416.0, 20.0)):
        question = {"maximise": "pace", "workload": "chat", "max_usd_per_million_tokens": price}
        answer = ask(source(tmp_path, SUPPLY[:1], {"chat": 10.0}, PACED, question=question))
        assert answer.objective == pytest.approx(pace)
        assert f"{price:g} $ per million tokens of chat are" in answer.remarks[0]


def test_a_cost_per_token_limits_what_the_workload_adds(tmp_path: Path) -> None:
    # code alone: 2 big at 5/s = 6 $/h. chat may add 15 $/h, so it has five fast instances beside them.
    question = {"maximise": "pace", "workload": "chat", "max_usd_per_million_tokens": 417.0}
    rows = [*PACED, ("big", 1, "code", 5.0, 50, "slow")]
    answer = ask(source(tmp_path, SUPPLY[:1], {"chat": 10.0, "code": 10.0}, rows, question=question))
    assert answer.objective == pytest.approx(100.0)
    assert bought(answer) == {"big": 7}
    assert "6.00 $/h that the other workloads cost alone" in answer.remarks[0]


def test_no_pace_at_all_within_the_budget(tmp_path: Path) -> None:
    question = {"maximise": "pace", "workload": "chat", "budget_usd_per_hour": 2.0}
    answer = ask(source(tmp_path, SUPPLY[:1], {"chat": 10.0}, PACED, question=question))
    assert (answer.termination, answer.holds, answer.objective) == ("infeasible", "none", None)


def test_pace_needs_measured_tpot(tmp_path: Path) -> None:
    question = {"maximise": "pace", "workload": "chat", "budget_usd_per_hour": 20.0}
    with pytest.raises(InputError, match=r"rows\.csv, line 2: tpot_ms is missing"):
        ask(source(tmp_path, SUPPLY[:1], {"chat": 10.0}, ROWS[:1], question=question))


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({}, "exactly one of minimise"),
        ({"minimise": "cost", "frontier": ["cost", "pace"]}, "exactly one of minimise"),
        ({"frontier": ["cost", "cost"]}, "two different things"),
        ({"frontier": ["cost", "pace"]}, "needs workload"),
        ({"minimise": "cost", "between": [1, 2]}, "belong to a frontier"),
        ({"frontier": ["cost", "throughput"], "between": [2, 1]}, "first must be below"),
    ],
)
def test_contradictory_questions_are_refused(tmp_path: Path, question: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        source(tmp_path, SUPPLY, {"chat": 20.0}, ROWS, question=question)
