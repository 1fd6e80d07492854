"""Infeasible studies: what clashes, what would help; every relaxation holds, and a little less does not."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from planner import solve
from planner.explain.infeasible import Infeasibility, explain_infeasible
from tests.planner.explain.cases import chat, limits, source_of, study

SECONDS = 60.0


def _explained(config: dict[str, Any]) -> Infeasibility:
    return explain_infeasible(source_of(config), SECONDS)


def _named(why: Infeasibility, key: str) -> Any:
    found = [relaxation for relaxation in why.relaxations if relaxation.keys == (key,)]
    assert len(found) == 1, [r.sentence for r in why.relaxations]
    return found[0]


def _status(config: dict[str, Any]) -> str:
    return solve(config, compare=False, explain=False).status.termination


def test_limits_and_demand_clash_and_each_alone_can_give_way() -> None:
    config = study(fleet=limits(8, 8))
    why = _explained(config)
    assert why.minimal and why.complete
    assert why.clashes == (
        "at most 8 h100-sxm (fleet.supply[0].limit)",
        "at most 8 a100-80gb-sxm (fleet.supply[1].limit)",
        "20,000 tokens/s of chat (workloads[0].demand_tokens_per_s)",
    )
    more = _named(why, "fleet.supply[0].limit")
    number = int(more.sentence.split(" more")[0])
    assert more.least and number % 8 == 0
    enough = copy.deepcopy(config)
    enough["fleet"]["supply"][0]["limit"] = 8 + number
    plan = solve(enough, compare=False)
    assert plan.found and plan.usd_per_hour <= more.usd_per_hour * (1 + 1e-9)
    enough["fleet"]["supply"][0]["limit"] -= 8
    assert _status(enough) == "infeasible"


def test_less_demand_is_the_most_that_can_be_served() -> None:
    config = study(fleet=limits(8, 8))
    less = _named(_explained(config), "workloads[0].demand_tokens_per_s")
    demand = 20000 * (1 - less.share)
    assert solve(study(fleet=limits(8, 8), workloads=[chat(demand_tokens_per_s=demand)]), compare=False).found
    slightly_more = chat(demand_tokens_per_s=demand + 0.002 * 20000)
    assert _status(study(fleet=limits(8, 8), workloads=[slightly_more])) == "infeasible"


def test_a_slower_tpot_that_helps_is_found_to_half_a_percent() -> None:
    config = study(fleet=limits(48, 0), workloads=[chat(demand_tokens_per_s=40000, max_tpot_ms=20)])
    assert _status(config) == "infeasible"
    slower = _named(_explained(config), "workloads[0].max_tpot_ms")
    tpot = 20 * (1 + slower.share)
    for factor, expected in ((1.0 + 1e-9, True), (0.99, False)):
        workload = chat(demand_tokens_per_s=40000, max_tpot_ms=tpot * factor)
        assert solve(config | {"workloads": [workload]}, compare=False, explain=False).found is expected


def test_power_and_budget_say_how_much_is_needed() -> None:
    why = _explained(study(power_limit_kw=5.0))
    needed = 5.0 * (1 + _named(why, "power_limit_kw").share)
    assert solve(study(power_limit_kw=needed), compare=False).found
    assert _status(study(power_limit_kw=needed - 0.1)) == "infeasible"
    asked = {"minimise": "cost", "budget_usd_per_hour": 10.0}
    money = 10.0 * (1 + _named(_explained(study(question=asked)), "question.budget_usd_per_hour").share)
    assert money == pytest.approx(solve(study(), compare=False).usd_per_hour, abs=0.0101)


def test_a_pace_out_of_reach_names_the_best_and_the_least_stretch() -> None:
    why = _explained(study(workloads=[chat(max_tpot_ms=0.5)]))
    assert "asks for 2,000 tokens/s per user; the fastest, llama-70b/h100-sxm/" in why.clashes[0]
    assert "with a single sequence" in why.clashes[0]
    assert _named(why, "workloads[0].max_tpot_ms").usd_per_hour > 0


def test_two_paces_out_of_reach_are_stretched_together() -> None:
    both = [chat(max_tpot_ms=0.5), chat(name="other", max_tpot_ms=0.5, demand_tokens_per_s=1000)]
    why = _explained(study(workloads=both))
    assert len(why.clashes) == 2
    assert any(
        r.keys[:2] == ("workloads[0].max_tpot_ms", "workloads[1].max_tpot_ms") for r in why.relaxations
    )


def test_a_model_that_fits_nowhere_says_needed_and_had_and_what_would_hold_it() -> None:
    config = study(
        layouts={"instance_gpus": [1]},
        models={"llama-70b": {"architecture": "llama-3.1-70b", "weight_precisions": ["bf16"]}},
    )
    why = _explained(config)
    assert "does not fit any allowed instance" in why.clashes[0]
    assert "has 85.04 GB of usable HBM" in why.clashes[0]
    wider = _named(why, "layouts.instance_gpus")
    assert wider.sentence.startswith("instances of 4 GPUs")  # two hold the weights, but not at 40 ms
    assert _named(why, "models.llama-70b.weight_precisions")


def test_a_limit_smaller_than_one_instance_is_told_apart() -> None:
    config = study(
        fleet=limits(0, 1),
        models={"llama-70b": {"architecture": "llama-3.1-70b", "weight_precisions": ["bf16"]}},
        workloads=[chat(max_tpot_ms=None)],
    )
    why = _explained(config)
    assert "no supply is large enough for one instance" in why.clashes[0]
    assert "a100-80gb-sxm needs 2, has 1" in why.clashes[0]
    assert _named(why, "fleet.supply[1].limit")


def test_two_limits_at_once_where_no_single_one_helps() -> None:
    config = study(fleet=limits(8, 8), power_limit_kw=3.0)
    why = _explained(config)
    joint = next(r for r in why.relaxations if len(r.keys) > 1)
    assert "power_limit_kw" in joint.keys and not any("demand" in key for key in joint.keys)
    power = float(re.findall(r"([\d.]+) kW instead", joint.sentence)[0])
    needed = {"h100-sxm": 8, "a100-80gb-sxm": 8} | {
        supply: int(number) for supply, number in re.findall(r"more (\S+) \((\d+) instead", joint.sentence)
    }
    fleet = limits(needed["h100-sxm"], needed["a100-80gb-sxm"])
    plan = solve(study(fleet=fleet, power_limit_kw=power), compare=False)
    assert plan.found and plan.usd_per_hour <= joint.usd_per_hour * 1.01


def test_questions_that_maximise_say_what_they_need_at_least() -> None:
    asked = {"maximise": "throughput", "budget_usd_per_hour": 3.0}
    money = 3.0 + 3.0 * _named(_explained(study(question=asked)), "question.budget_usd_per_hour").share
    for budget, expected in ((money, True), (money - 0.02, False)):
        question = asked | {"budget_usd_per_hour": budget}
        assert solve(study(question=question), compare=False, explain=False).found is expected
    none = study(question=asked | {"budget_usd_per_hour": 100.0}, fleet=limits(0, 0))
    assert _named(_explained(none), "fleet.supply[0].limit").sentence == "8 more h100-sxm (8 instead of 0)"


def test_a_margin_stays_out_of_what_the_user_should_write() -> None:
    workload = chat(demand_tokens_per_s=40000, max_tpot_ms=20, safety="20%")
    config = study(fleet=limits(48, 0), workloads=[workload])
    why = _explained(config)
    assert why.clashes[0] == (
        "chat at 50 tokens/s per user or faster (TPOT 20 ms), with its margin of 20% (workloads[0].max_tpot_ms)"
    )
    assert why.clashes[-1].startswith("40,000 tokens/s of chat, with its margin of 20%")
    slower = _named(why, "workloads[0].max_tpot_ms")
    for factor, expected in ((1.0 + 1e-9, True), (0.99, False)):
        changed = workload | {"max_tpot_ms": 20 * (1 + slower.share) * factor}
        assert solve(config | {"workloads": [changed]}, compare=False, explain=False).found is expected


def test_an_infeasible_plan_carries_clashes_and_relaxations() -> None:
    plan = solve(study(fleet=limits(8, 8)), compare=False)
    assert not plan.found and plan.status.termination == "infeasible"
    record = plan.to_dict()
    assert record["clashes"] and record["relaxations"]
    assert set(record["relaxations"][0]) == {"keys", "sentence", "share", "least", "usd_per_hour"}
    assert all(r["usd_per_hour"] > 0 for r in record["relaxations"])
