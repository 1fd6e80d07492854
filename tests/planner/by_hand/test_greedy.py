"""The plan made by hand: an allocation that passes the certificate and never beats the optimum; by hand where small."""

from __future__ import annotations

import pytest

from planner.by_hand.greedy import greedy, value_of
from planner.certificate.certificate import certify
from planner.config.load import load_study
from planner.problem.data import data_for
from planner.problem.problem import Problem
from planner.questions.ask import ask
from tests.formulations.program.cases import measured, program, supply
from tests.planner.certificate.test_certificate import BASE

CONFIGS = {
    "plain": {},
    "one kind each": {"max_kinds_per_workload": 1},
    "spares": {"spares": {"number": 1, "share": 0.1}},
    "power": {"power_limit_kw": 60.0},
    "roles": {"serving": ["disaggregated"]},
    "tight": {
        "fleet": {
            "supply": [
                {"accelerator": "h100-sxm", "price_usd_per_hour": 2.0, "limit": 32, "unit": 8},
                {"accelerator": "a100-80gb-sxm", "price_usd_per_hour": 1.2, "limit": 64},
            ]
        }
    },
}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_greedy_plan_is_certified_and_never_beats_the_optimum(name: str) -> None:
    source = Problem(load_study(BASE | CONFIGS[name]))
    options = source.options()
    data = data_for(source.study, source.limits, options.options)
    found = greedy(data, "cost")
    assert found is not None
    certificate = certify(source.study, found, options)
    assert certificate.passed, [str(check) for check in certificate.failures]
    answer = ask(source)
    assert answer.objective is not None and answer.bound is not None
    assert value_of(data, found, "cost") >= answer.bound * (1 - 1e-9)
    assert value_of(data, found, "cost") <= 1.5 * answer.objective  # it is a sensible plan, not just any


def test_it_fills_places_that_are_paid_for() -> None:
    # a: 3 instances of 2 GPUs for 300 tokens/s: one node of 8 with 2 places left; b: one instance of 2 fits into them
    options = [measured("a", 100, gpus=2), measured("b", 100, gpus=2, workloads=("other",))]
    data = program(options, {"chat": 300.0, "other": 100.0}, (supply(unit=8, price=1.0),))
    found = greedy(data, "cost")
    assert found is not None and found.units == {"pool": 1}
    assert value_of(data, found, "cost") == 8.0


def test_it_goes_on_with_the_next_supply_where_a_limit_ends() -> None:
    # 500 tokens/s: 2 instances at 1 $/h are all of the cheap supply, the other 3 cost 3 $/h each
    supplies = (supply("cheap", 1.0, limit=2), supply("dear", 3.0))
    data = program([measured("a", 100)], {"chat": 500.0}, supplies)
    found = greedy(data, "cost")
    assert found is not None and found.units == {"cheap": 2, "dear": 3}
    assert value_of(data, found, "cost") == 11.0


def test_objectives_and_what_it_cannot_do() -> None:
    supplies = (supply("small", 1.0, power_kw=1.0), supply("big", 5.0, power_kw=0.2))
    data = program([measured("a", 100)], {"chat": 500.0}, supplies)
    plans = [greedy(data, name) for name in ("cost", "power", "gpus")]
    assert [plan and plan.units["big"] for plan in plans][:2] == [0, 5]
    assert greedy(program([measured("a", 100)], {"chat": 500.0}, (supply(limit=4),)), "cost") is None
    assert greedy(program([measured("a", 100)], {"chat": 500.0}, budget_usd_per_hour=4.0), "cost") is None
    assert greedy(program([measured("a", 100)], {"chat": 500.0}, scaled=("chat",)), "cost") is None
