"""The shipped examples of questions answer what their comments say."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.config.load import load_study
from planner.problem.problem import Problem
from planner.questions.alternatives import alternatives_to
from planner.questions.ask import ask
from planner.questions.frontier import TracedFrontier

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def source(name: str) -> Problem:
    return Problem(load_study(EXAMPLES / f"{name}.yaml"))


def test_measured_capacity_serves_with_both_roles() -> None:
    # summaries: 8/6.6 = 1.21 of two instances of 8 (35.20 $); the other 0.79 serve 24.4 of 60 chats. 35.6 are left: one
    # prefill pair (4.40 $) and three decode instances (13.20 $).
    found = source("measured-capacity")
    answer = ask(found)
    assert answer.objective == pytest.approx(35.20 + 4.40 + 13.20)
    assert answer.allocation is not None
    roles = {d.option.role for d in answer.allocation.deployments}
    assert roles == {"aggregated", "prefill", "decode"}
    assert [r.reason for r in found.source.rejections] == ["too slow for the workload's pace"]


def test_most_throughput_spends_the_budget() -> None:
    answer = ask(source("most-throughput"))
    assert answer.holds == "proven"
    assert answer.allocation is not None
    units = answer.allocation.units
    cost = sum(units[s.name] * s.unit * s.usd_per_hour for s in answer.study.supplies)
    assert 55 < cost <= 60 + 1e-9
    chat, batch = answer.study.workloads
    assert chat.demand == pytest.approx(3 * batch.demand)


def test_fastest_pace_keeps_its_price() -> None:
    answer = ask(source("fastest-pace"))
    assert answer.holds == "proven"
    assert answer.allocation is not None and answer.objective is not None
    assert answer.objective > 50
    units = answer.allocation.units
    cost = sum(units[s.name] * s.usd_per_hour for s in answer.study.supplies)
    assert cost / (20_000 * 3600 / 1e6) <= 1.20


def test_frontier_rises() -> None:
    frontier = TracedFrontier(source("frontier-cost-pace")).trace()
    assert len(frontier.points) >= 6
    paces = [point.swept for point in frontier.points]
    costs = [point.optimised for point in frontier.points]
    assert paces == sorted(paces) and costs == sorted(costs)
    assert {point.answer.holds for point in frontier.points} == {"proven"}


def test_alternatives_stay_within_what_they_may_cost() -> None:
    found = source("alternatives")
    best = ask(found)
    listed = alternatives_to(found, best)
    assert listed is not None and best.objective is not None
    assert len(listed.answers) > 1
    assert all(
        a.objective is not None and a.objective <= best.objective * 1.05 * (1 + 1e-9) for a in listed.answers
    )
