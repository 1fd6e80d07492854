"""Why not: thresholds checked by solving the config on both sides of them, outside of the explanation."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from planner import InputError, solve
from planner.config.load import load_study
from planner.explain.entry import Entry
from planner.explain.explain import explain
from planner.explain.why_not import WhyNot, why_not
from planner.questions.ask import ask
from tests.planner.explain.cases import chat, limits, source_of, study


def _asked(config: dict[str, Any], name: str) -> WhyNot:
    source = source_of(config)
    return why_not(source, ask(source), name, 60.0)


def _entry(found: WhyNot, lever: str) -> Entry:
    return next(entry for entry in found.entries if entry.lever == lever)


def _gpus(config: dict[str, Any], supply: str) -> int:
    plan = solve(config, compare=False)
    return int(plan.supply.set_index("supply").loc[supply, "gpus"])


def test_the_price_at_which_an_accelerator_enters() -> None:
    config = study(fleet=limits(None, 64, 5.0))
    assert _gpus(config, "a100-80gb-sxm") == 0
    found = _asked(config, "a100-80gb-sxm")
    price = _entry(found, "price")
    assert not found.used and price.verified and price.value < price.was == 5.0
    for value, enters in ((price.value * 0.99, True), (price.value * 1.01, False)):
        changed = copy.deepcopy(config)
        changed["fleet"]["supply"][1]["price_usd_per_hour"] = value
        assert (_gpus(changed, "a100-80gb-sxm") > 0) is enters


def test_the_limit_at_which_a_supply_enters() -> None:
    config = study(fleet=limits(0, None))
    config["fleet"]["supply"][0]["unit"] = 1
    found = _asked(config, "h100-sxm")
    limit = _entry(found, "limit")
    assert limit.verified
    for value, enters in ((int(limit.inside), True), (int(limit.outside), False)):
        changed = copy.deepcopy(config)
        changed["fleet"]["supply"][0]["limit"] = value
        assert (_gpus(changed, "h100-sxm") > 0) is enters


def test_the_tpot_at_which_an_accelerator_enters() -> None:
    config = study(fleet=limits(None, None, 3.0))
    found = _asked(config, "a100")
    assert found.target == "a100-80gb-sxm" and found.what == "supply"  # the only supply that begins so
    paces = [entry for entry in found.entries if entry.lever == "pace"]
    assert paces
    for entry in paces:
        assert entry.verified
        for tpot, enters in ((entry.inside, True), (entry.outside, False)):
            changed = study(fleet=limits(None, None, 3.0), workloads=[chat(max_tpot_ms=tpot)])
            assert (_gpus(changed, "a100-80gb-sxm") > 0) is enters


def test_what_is_in_the_plan_is_said_so() -> None:
    found = _asked(study(), "h100")
    assert found.used and found.sentences == ("it is in the plan",)


def test_an_accelerator_outside_the_fleet_is_tried_at_its_catalogue_price() -> None:
    found = _asked(study(), "h200-sxm")
    assert found.what == "accelerator" and "not in the config's fleet" in found.sentences[0]


def test_a_kind_that_cannot_serve_says_what_it_lacks() -> None:
    kind = "llama-70b/h100-sxm/tp1/w-fp8/kv-bf16"
    config = study(workloads=[chat(input_tokens=60000, max_tpot_ms=None, demand_tokens_per_s=100)])
    found = _asked(config, kind)
    assert found.sentences[0] == f"{kind} can serve no workload"
    assert "does not fit into HBM" in found.sentences[1] and not found.entries


def test_a_kind_needs_a_discount_below_what_forcing_it_costs() -> None:
    config = study(fleet=limits(None, None, 5.0))
    found = _asked(config, "llama-70b/a100-80gb-sxm/tp8/w-fp8/kv-bf16")
    discount = _entry(found, "discount")
    forced = float(found.sentences[-1].split("costs ")[1].split(" ")[0])
    assert discount.verified and 0 < discount.value <= forced + 1e-9


def test_a_screened_out_kind_names_the_better_one() -> None:
    found = _asked(study(), "llama-70b/h100-sxm/tp16/w-fp8/kv-bf16")
    assert "serves the same workloads with no more GPU time" in found.sentences[0]


def test_unknown_names_and_other_questions_are_bad_input() -> None:
    with pytest.raises(InputError, match="did you mean h200-sxm"):
        _asked(study(), "h200-smx")
    with pytest.raises(InputError, match="minimise cost"):
        explain(load_study(study(question={"minimise": "gpus"})), ("h100-sxm",))
