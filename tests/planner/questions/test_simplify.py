"""Simplicity: fewer deployments and no slivers, never dearer than granted; the hard limit on kinds is in test_ask."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.problem.solve import solve
from planner.questions.ask import ask
from planner.questions.minimise import CHEAPEST
from planner.questions.simplify import complexity, simplify
from tests.planner.questions.measured import bought, instances, source

SUPPLY = [
    {"accelerator": "big", "price_usd_per_hour": 3.0},
    {"accelerator": "old", "price_usd_per_hour": 0.5},
]


def test_plans_of_equal_cost_become_one_kind(tmp_path: Path) -> None:
    # 18 requests/s for 6 $/h: 6 of kind a or b (3/s, 1 $ each) in any mixture; one kind is simplest.
    supply = [{"accelerator": name, "price_usd_per_hour": 1.0} for name in "abc"]
    rows = [(name, 1, "chat", 3.0) for name in "abc"]
    answer = ask(source(tmp_path, supply, {"chat": 18.0}, rows))
    assert answer.objective == pytest.approx(6.0)
    assert len(bought(answer)) == 1
    assert answer.holds == "proven"


def test_every_workload_gets_a_kind_of_its_own_where_that_costs_nothing(tmp_path: Path) -> None:
    # Two workloads, two sizes that serve both equally well per GPU: no workload needs a second option.
    supply = [{"accelerator": "big", "price_usd_per_hour": 1.0, "limit": 12}]
    rows = [("big", size, work, 3.0 * size, "", "") for size in (2, 4) for work in ("chat", "code")]
    found = source(tmp_path, supply, {"chat": 12.0, "code": 12.0}, rows)
    answer = ask(found)
    assert answer.allocation is not None
    assert complexity(answer.allocation)[:3] == (1, 1, 2)


@pytest.mark.parametrize(("simplicity", "cost", "kinds"), [("0%", 6.5, 2), ("4%", 6.5, 2), ("16%", 7.5, 1)])
def test_granted_cost_buys_simplicity(tmp_path: Path, simplicity: str, cost: float, kinds: int) -> None:
    # 21 requests/s: 2 big and 1 old (21.4/s) = 6.5 $/h. One kind: 15 old = 7.5 $/h (15.4 % more), or 3 big = 9.
    rows = [("big", 1, "chat", 10.0), ("old", 1, "chat", 1.4)]
    answer = ask(source(tmp_path, SUPPLY, {"chat": 21.0}, rows, simplicity=simplicity))
    assert answer.objective == pytest.approx(cost)
    assert len(instances(answer)) == kinds
    assert answer.holds == "proven"
    assert answer.bound == pytest.approx(6.5)
    if kinds == 1:
        assert answer.before_simplifying == pytest.approx(6.5)


def test_simpler_throughput_is_not_less(tmp_path: Path) -> None:
    supply = [{"accelerator": name, "price_usd_per_hour": 1.0} for name in "abc"]
    rows = [(name, 1, "chat", 3.0) for name in "abc"]
    question = {"maximise": "throughput", "workload": "chat", "budget_usd_per_hour": 7.5}
    answer = ask(source(tmp_path, supply, {"chat": None}, rows, question=question))
    assert answer.objective == pytest.approx(21.0)
    assert len(bought(answer)) == 1


def test_what_is_granted_is_not_spent_for_nothing(tmp_path: Path) -> None:
    # 15.5 $/h: 5 big and 1 old (0.5 $) serve 51.4; big alone 50, old alone 43.4. 20 % may be given up, 2.7 % are enough.
    rows = [("big", 1, "chat", 10.0), ("old", 1, "chat", 1.4)]
    question = {"maximise": "throughput", "workload": "chat", "budget_usd_per_hour": 15.5}
    answer = ask(source(tmp_path, SUPPLY, {"chat": None}, rows, question=question, simplicity="20%"))
    assert answer.before_simplifying == pytest.approx(51.4)
    assert answer.objective == pytest.approx(50.0)
    assert len(instances(answer)) == 1


def test_no_time_leaves_the_plan_as_it_was(tmp_path: Path) -> None:
    rows = [("big", 1, "chat", 10.0), ("old", 1, "chat", 1.4)]
    found = source(tmp_path, SUPPLY, {"chat": 21.0}, rows)
    first = solve(found, CHEAPEST)
    again = simplify(first, left_s=0.0)
    assert again.objective == first.objective
    assert again.allocation is not None and first.allocation is not None
    assert complexity(again.allocation) <= complexity(first.allocation)


def test_no_plan_stays_no_plan(tmp_path: Path) -> None:
    supply = [{"accelerator": "big", "price_usd_per_hour": 1.0, "limit": 1}]
    answer = ask(source(tmp_path, supply, {"chat": 21.0}, [("big", 1, "chat", 10.0)]))
    assert (answer.allocation, answer.termination) == (None, "infeasible")
