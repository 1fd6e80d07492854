"""Every limit: found where the config sets it, gone when dropped, moved when stretched, in the user's words."""

from __future__ import annotations

from typing import Any

import pytest

from planner.config.load import load_study
from planner.limits.capped import CappedLimit, taken
from planner.limits.limit import Limit, TimeLimit
from planner.limits.registry import FAMILIES, limits_of
from planner.problem.problem import Problem
from planner.questions.ask import ask, question_of
from tests.planner.limits.test_coupling import BASE, study_of

EVERYTHING: dict[str, Any] = {
    "power_limit_kw": 40.0,
    "carbon_limit_kg_per_hour": 9.0,
    "question": {"minimise": "gpus", "budget_usd_per_hour": 90.0},
    "spares": {"number": 1, "share": "10%"},
    "max_kinds_per_workload": 2,
    "utilisation": 0.9,
    "fleet": {
        **BASE["fleet"],
        "sites": {**BASE["fleet"]["sites"], "east": {"carbon_kg_per_kwh": 0.4, "power_limit_kw": 20.0}},
    },
}
SAID = {
    "pace": "chat at 20 tokens/s per user or faster (TPOT 50 ms) (workloads[0].max_tpot_ms)",
    "ttft": "code with its first token within 900 ms (workloads[1].max_ttft_ms)",
    "kinds": "chat on at most 2 kinds (max_kinds_per_workload)",
    "spares": "1 spare for every kind (spares)",
    "power": "at most 40 kW (power_limit_kw)",
    "site power": "at most 20 kW at east (fleet.sites.east.power_limit_kw)",
    "carbon": "at most 9 kg/h of carbon (carbon_limit_kg_per_hour)",
    "budget": "at most 90 $/h (question.budget_usd_per_hour)",
    "supply": "at most 64 h100-sxm@east (fleet.supply[0].limit)",
    "demand": "900 tokens/s of chat (workloads[0].demand_tokens_per_s)",
    "units": "h100-sxm@east in units of 1 (fleet.supply[0].unit)",
    "busy time": "instances busy at most 90% of the time (utilisation)",
}
INSTEAD = {
    "pace": (80.0, "TPOT of chat 80 ms instead of 50 ms"),
    "ttft": (1200.0, "first token of code within 1200 ms instead of 900 ms"),
    "kinds": (3, "3 kinds for chat instead of 2"),
    "power": (50.0, "50 kW instead of 40 kW"),
    "site power": (25.0, "25 kW instead of 20 kW at east"),
    "carbon": (12.0, "carbon of 12 kg/h instead of 9 kg/h"),
    "budget": (120.0, "a budget of 120 $/h instead of 90 $/h"),
    "supply": (72.0, "8 more h100-sxm@east (72 instead of 64)"),
    "demand": (450.0, "50.0% less demand of chat (450 instead of 900 tokens/s)"),
}


def first(family: str, **changes: Any) -> Limit:
    return next(limit for limit in limits_of(study_of(**changes)) if limit.family == family)


def test_every_family_is_found_and_says_itself() -> None:
    found = {limit.family for limit in limits_of(study_of(**EVERYTHING))}
    assert found == {family.family for family in FAMILIES} == set(SAID)
    for family, said in SAID.items():
        assert str(first(family, **EVERYTHING)) == said


def test_a_study_without_a_limit_has_none() -> None:
    always = {"units", "busy time", "demand", "supply", "pace", "ttft"}
    assert {limit.family for limit in limits_of(study_of())} == always


@pytest.mark.parametrize("family", [f for f in SAID if f not in ("units", "busy time")])
def test_a_dropped_limit_is_gone_and_alone(family: str) -> None:
    study = study_of(**EVERYTHING)
    limit = first(family, **EVERYTHING)
    left = limits_of(limit.dropped(study))
    same = [(other.family, other.subject) for other in limits_of(study)]
    gone = (limit.family, limit.subject)
    kept = [(other.family, other.subject) for other in left]
    if family == "demand":  # next to nothing is asked for, on however many kinds
        assert next(o.value for o in left if (o.family, o.subject) == gone) < 1e-3
        assert ("kinds", limit.subject) not in kept
        return
    assert gone not in kept and kept == [entry for entry in same if entry != gone]


@pytest.mark.parametrize("family", INSTEAD)
def test_a_stretched_limit_has_the_value_that_its_sentence_states(family: str) -> None:
    study = study_of(**EVERYTHING)
    limit = first(family, **EVERYTHING)
    value, sentence = INSTEAD[family]
    assert limit.instead(value) == sentence
    changed = limit.stretched(study, value)
    again = next(o for o in limits_of(changed) if (o.family, o.subject) == (limit.family, limit.subject))
    found = again.milliseconds if isinstance(again, TimeLimit) else again.value
    assert found == pytest.approx(value)
    assert again.key == limit.key


@pytest.mark.parametrize("family", ["units", "busy time"])
def test_what_is_no_wish_cannot_give_way(family: str) -> None:
    limit = first(family, **EVERYTHING)
    assert limit.gives_way == "never" and limit not in question_of(Problem(study_of(**EVERYTHING))).limits
    for give in (lambda: limit.dropped(study_of()), lambda: limit.stretched(study_of(), 1.0)):
        with pytest.raises(TypeError, match="cannot be"):
            give()
    with pytest.raises(TypeError, match="cannot be"):
        limit.instead(1.0)


def test_capped_limits_count_what_their_plan_takes_and_say_when_it_is_used_up() -> None:
    answer = ask(Problem(study_of()))
    allocation, study = answer.allocation, answer.study
    assert allocation is not None
    units = allocation.units
    power = sum(units[s.name] * s.unit * (s.power_kw or 0.0) for s in study.supplies)
    carbon = sum(
        units[s.name] * s.unit * (s.power_kw or 0.0) * (s.carbon_kg_per_kwh or 0.0) for s in study.supplies
    )
    cost = sum(units[s.name] * s.unit * s.usd_per_hour for s in study.supplies)
    for family, amount in (("power", power), ("carbon", carbon), ("budget", cost)):
        limit = first(family, **EVERYTHING)
        assert isinstance(limit, CappedLimit)
        assert taken(limit.cap(study), allocation) == pytest.approx(amount)
        assert limit.binds(study, allocation) is None
    tight = first("carbon", carbon_limit_kg_per_hour=carbon * 1.01)
    assert tight.binds(study, allocation) is not None and "are emitted" in str(tight.binds(study, allocation))


def test_a_demanded_throughput_is_no_limit_to_a_question_that_asks_for_it() -> None:
    question = {"maximise": "throughput", "workload": "chat", "budget_usd_per_hour": 50.0}
    limits = question_of(Problem(study_of(question=question))).limits
    demands = [limit.subject for limit in limits if limit.family == "demand"]
    assert demands == ["code"]
    assert [
        limit.subject for limit in question_of(Problem(study_of())).limits if limit.family == "demand"
    ] == [
        "chat",
        "code",
    ]


def test_a_margin_is_said_and_requests_stay_requests() -> None:
    workloads = [
        {**BASE["workloads"][0], "safety": "25%"},
        {"name": "code", "model": "b", "output_tokens": 200, "demand_requests_per_s": 4.5},
    ]
    limits = {str(limit) for limit in limits_of(load_study(BASE | {"workloads": workloads}))}
    assert any("with its margin of 25%" in said for said in limits)
    assert "4.5 requests/s of code (workloads[1].demand_requests_per_s)" in limits
