"""Frontiers of small measured studies, whose every point is worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.errors import InputError
from planner.questions.ask import ask
from planner.questions.frontier import TracedFrontier
from tests.planner.questions.measured import source

SUPPLY = [{"accelerator": "big", "price_usd_per_hour": 3.0}]
PACED = [
    ("big", 1, "chat", 10.0, 50, "slow"),
    ("big", 1, "chat", 5.0, 20, "middle"),
    ("big", 1, "chat", 2.0, 10, "fast"),
]
"""Paces 20, 50 and 100 tokens/s per user at 10, 5 and 2 requests/s."""


def test_cost_against_pace_has_a_point_for_every_kind(tmp_path: Path) -> None:
    # 10 requests/s: 1 slow (3 $), 2 middle (6 $), 5 fast (15 $). Values between kinds give the plan of the next one.
    question = {"frontier": ["cost", "pace"], "workload": "chat", "points": 9}
    frontier = TracedFrontier(source(tmp_path, SUPPLY, {"chat": 10.0}, PACED, question=question)).trace()
    found = [(point.swept, point.optimised) for point in frontier.points]
    assert found == [(pytest.approx(20.0), 3.0), (pytest.approx(50.0), 6.0), (pytest.approx(100.0), 15.0)]
    assert frontier.axes == ("pace", "cost")
    assert frontier.beaten == 6
    assert all(row["solution"] == "proven" for row in frontier.rows())
    assert frontier.rows()[1]["fleet"] == "2 big"
    # 6 $/h for 10 tokens/s = 0.036 million an hour.
    assert frontier.rows()[1]["usd_per_million_tokens"] == pytest.approx(6 / 0.036)


def test_throughput_against_pace_on_a_given_fleet(tmp_path: Path) -> None:
    question = {"frontier": ["pace", "throughput"], "workload": "chat", "between": [10, 160], "points": 5}
    supply = [{"accelerator": "big", "price_usd_per_hour": 3.0, "limit": 4}]
    frontier = TracedFrontier(source(tmp_path, supply, {"chat": None}, PACED, question=question)).trace()
    # At 10 and 20: 40/s; at 40: 20/s; at 80: 8/s; at 160 nothing is fast enough.
    assert [(p.swept, p.optimised) for p in frontier.points] == [
        (pytest.approx(20.0), pytest.approx(40.0)),
        (pytest.approx(50.0), pytest.approx(20.0)),
        (pytest.approx(100.0), pytest.approx(8.0)),
    ]
    assert frontier.without_plan == (pytest.approx(160.0),)


def test_cost_against_throughput_up_to_what_limits_allow(tmp_path: Path) -> None:
    # At most 4 instances of 10/s: points at 10, 20, 30, 40 requests/s cost 3, 6, 9, 12 $/h.
    question = {"frontier": ["throughput", "cost"], "points": 4}
    supply = [{"accelerator": "big", "price_usd_per_hour": 3.0, "limit": 4}]
    frontier = TracedFrontier(source(tmp_path, supply, {"chat": None}, PACED[:1], question=question)).trace()
    assert [(p.swept, p.optimised) for p in frontier.points] == [
        (pytest.approx(10.0 * n), pytest.approx(3.0 * n)) for n in (1, 2, 3, 4)
    ]


def test_throughput_without_limits_is_traced_around_the_demand(tmp_path: Path) -> None:
    question = {"frontier": ["cost", "throughput"], "points": 2}
    frontier = TracedFrontier(source(tmp_path, SUPPLY, {"chat": 10.0}, PACED[:1], question=question)).trace()
    assert [(p.swept, p.optimised) for p in frontier.points] == [(10.0, 3.0), (20.0, 6.0)]
    with pytest.raises(InputError, match=r"question\.between is missing"):
        TracedFrontier(source(tmp_path, SUPPLY, {"chat": None}, PACED[:1], question=question)).trace()


def test_no_plan_is_an_empty_frontier(tmp_path: Path) -> None:
    question = {"frontier": ["cost", "pace"], "workload": "chat"}
    supply = [{"accelerator": "big", "price_usd_per_hour": 3.0, "limit": 0}]
    assert (
        TracedFrontier(source(tmp_path, supply, {"chat": 10.0}, PACED, question=question)).trace().points
        == ()
    )


def test_one_answer_is_not_a_frontier(tmp_path: Path) -> None:
    question = {"frontier": ["cost", "pace"], "workload": "chat"}
    with pytest.raises(InputError, match="frontier has many answers"):
        ask(source(tmp_path, SUPPLY, {"chat": 10.0}, PACED, question=question))
