"""By model: the same objective as one program for all, whether limits bind or not; bounds hold; sites and placing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from planner.allocation import Deployment, steady
from planner.certificate.certificate import certified
from planner.clock import Clock
from planner.config.load import load_study
from planner.problem.answer import Answer
from planner.problem.decomposition.by_model import Cut, better_of, cut, solve_by_model
from planner.problem.decomposition.in_turn import in_turn
from planner.problem.decomposition.markets import cleared, markets
from planner.problem.decomposition.placing import placed
from planner.problem.effort import Effort
from planner.problem.jointly import solve_jointly
from planner.problem.problem import Problem
from planner.problem.program import relax
from planner.problem.solve import solve
from planner.questions.ask import question_of
from planner.questions.minimise import CHEAPEST
from tests.formulations.program.cases import measured
from tests.planner.options.test_estimates import dense_study, mixture_study
from tests.planner.problem.test_optimise import holds_in_exact_physics
from tests.planner.problems import data_of


def supplies(*rows: tuple[str, str, float, int | None]) -> dict[str, Any]:
    """A fleet of (accelerator, site, price, limit)."""
    return {
        "supply": [
            {"accelerator": name, "site": site, "price_usd_per_hour": price, "limit": limit}
            for name, site, price, limit in rows
        ]
    }


PLENTY = supplies(("h100-sxm", "east", 2.0, None), ("a100-80gb-sxm", "east", 1.1, None))
SCARCE = supplies(
    ("h100-sxm", "east", 1.2, 8), ("a100-80gb-sxm", "east", 1.1, 6), ("l40s", "east", 0.9, None)
)
SITES = supplies(
    ("h100-sxm", "east", 1.2, 4),
    ("h100-sxm", "west", 1.5, 8),
    ("h100-sxm", "north", 2.5, None),
    ("a100-80gb-sxm", "east", 1.1, 4),
    ("a100-80gb-sxm", "west", 1.3, 12),
)


def source_of(fleet: dict[str, Any], gap: float = 1e-3, **changes: Any) -> Problem:
    config = dense_study(fleet=fleet, solver={"gap": gap, "time_limit_s": 40, "threads": 2}, **changes)
    return Problem(load_study(config))


def by_model(source: Problem) -> Answer:
    how = cut(source, CHEAPEST)
    assert how is not None
    answer = solve_by_model(source, CHEAPEST, how)
    assert answer is not None
    return answer


@pytest.mark.parametrize("fleet", [PLENTY, SCARCE, SITES], ids=["plenty", "scarce", "sites"])
def test_cutting_up_changes_no_objective(fleet: dict[str, Any]) -> None:
    source = source_of(fleet)
    apart, jointly = by_model(source), solve_jointly(source, CHEAPEST)
    assert apart.objective is not None and jointly.objective is not None
    assert apart.bound is not None and jointly.bound is not None
    # either bound holds for either plan, and both plans are within the gap wherever it says so
    assert apart.bound <= jointly.objective * (1 + 1e-9)
    assert jointly.bound <= apart.objective * (1 + 1e-9)
    if apart.holds == "proven":
        assert apart.objective <= jointly.objective * (1 + 1.1e-3)
    holds_in_exact_physics(apart)


def test_without_scarcity_it_is_proven() -> None:
    answer = by_model(source_of(PLENTY))
    assert answer.holds == "proven"
    assert answer.allocation is not None
    assert {d.option.model for d in answer.allocation.deployments} == {"large", "small"}


def test_the_plan_keeps_every_sites_limit_and_pays_its_prices() -> None:
    source = source_of(SITES)
    answer = by_model(source)
    assert answer.allocation is not None and answer.objective is not None
    used = dict.fromkeys((s.name for s in source.study.supplies), 0)
    for deployment in answer.allocation.deployments:
        used[deployment.supply] += deployment.gpus
    cost = 0.0
    for supply in source.study.supplies:
        assert supply.limit is None or used[supply.name] <= supply.limit
        assert used[supply.name] <= answer.allocation.units[supply.name] * supply.unit
        cost += answer.allocation.units[supply.name] * supply.usd_per_hour * supply.unit
    assert answer.objective == pytest.approx(cost)


def test_infeasible_parts_make_the_whole_infeasible() -> None:
    source = source_of(supplies(("h100-sxm", "east", 2.0, 2)))
    answer = by_model(source)
    assert (answer.termination, answer.allocation, answer.objective) == ("infeasible", None, None)


def test_what_models_share_keeps_them_together() -> None:
    def divided(source: Problem) -> bool:
        return cut(source, question_of(source).goal) is not None

    assert divided(source_of(PLENTY))
    assert not divided(source_of(dense_study()["fleet"]))  # nodes of 8 that two models could fill
    assert not divided(source_of(PLENTY, question={"minimise": "cost", "budget_usd_per_hour": 100.0}))
    assert not divided(source_of(PLENTY, power_limit_kw=50.0))
    assert not divided(source_of(PLENTY, question={"minimise": "gpus"}))
    assert not divided(Problem(load_study(mixture_study())))
    assert not divided(replace(source_of(PLENTY), decomposition=False))


def test_spares_keep_the_sites_of_an_accelerator_apart() -> None:
    together, apart = source_of(SITES), source_of(SITES, spares={"number": 1})
    assert cut(together, CHEAPEST) == Cut(("large", "small"), sites_together=True)
    assert cut(apart, CHEAPEST) == Cut(("large", "small"), sites_together=False)
    answer, jointly = solve(apart, CHEAPEST), solve_jointly(apart, CHEAPEST)
    assert answer.objective is not None and jointly.objective is not None
    assert answer.objective == pytest.approx(jointly.objective, rel=1.1e-3)
    assert not certified(answer).failures


def test_one_model_is_not_cut_up() -> None:
    source = Problem(load_study(mixture_study()))
    assert solve(source, CHEAPEST).objective == pytest.approx(solve_jointly(source, CHEAPEST).objective)


def test_sites_that_differ_in_anything_but_price_and_limit_are_markets_of_their_own() -> None:
    fleet = supplies(("h100-sxm", "east", 1.2, 4), ("h100-sxm", "west", 1.5, 8))
    fleet["supply"][1] |= {"availability": 0.5}
    study = source_of(fleet).study
    assert [market.supply.site for market in markets(study, together=True)] == ["east", "west"]
    assert len(markets(source_of(SITES).study, together=True)) == 2
    assert len(markets(source_of(SITES).study, together=False)) == 5


def test_markets_join_sites_and_know_their_prices() -> None:
    trade = {
        market.supply.accelerator_name: market for market in markets(source_of(SITES).study, together=True)
    }
    h100, a100 = trade["h100-sxm"], trade["a100-80gb-sxm"]
    assert (h100.supply.usd_per_hour, h100.supply.limit, len(h100.sites)) == (1.2, None, 3)
    assert (a100.supply.usd_per_hour, a100.supply.limit) == (1.1, 16)
    # at 2 $/h: 4 accelerators of east earn 0.8 each, 8 of west 0.5; north has no limit and charges 2.5
    assert h100.earned(2.0) == pytest.approx(4 * 0.8 + 8 * 0.5)
    assert h100.at(1.0).usd_per_hour == 1.2


def deployment(gpus: int, count: int, spares: int = 0) -> Deployment:
    return Deployment(
        measured(f"tp{gpus}", 100.0, gpus=gpus), "market", count, spares, {"chat": 100.0 * count}
    )


def test_placing_fills_cheap_sites_with_large_instances_first() -> None:
    study = source_of(SITES).study
    sites = [s for s in study.supplies if s.accelerator_name == "h100-sxm"]
    allocation = steady((deployment(1, 3), deployment(4, 2)), {})
    found = placed(allocation, {"market": sites}, study)
    assert found is not None
    where = {(d.option.id, d.supply): d.instances for d in found.deployments}
    # 4 accelerators in the east take one instance of 4, the west (8) the other and three of 1
    assert where == {("tp4", "h100-sxm@east"): 1, ("tp4", "h100-sxm@west"): 1, ("tp1", "h100-sxm@west"): 3}
    assert sum(d.tokens_per_s["chat"] for d in found.deployments) == pytest.approx(500.0)
    assert found.units["h100-sxm@west"] == 7


def test_placing_keeps_spares_and_says_where_there_is_no_room() -> None:
    study = source_of(SITES).study
    sites = [replace(s, limit=s.limit or 4) for s in study.supplies if s.accelerator_name == "h100-sxm"]
    found = placed(steady((deployment(4, 3, spares=1),), {}), {"market": sites}, study)
    assert found is not None
    assert sum(d.instances for d in found.deployments) == 3
    assert sum(d.spares for d in found.deployments) == 1
    assert placed(steady((deployment(4, 5),), {}), {"market": sites}, study) is None


def test_without_time_it_holds_no_plan_and_pretends_none() -> None:
    config = dense_study(fleet=SCARCE, solver={"gap": 1e-3, "time_limit_s": 1e-6, "threads": 2})
    answer = by_model(Problem(load_study(config)))
    assert (answer.termination, answer.objective, answer.bound) == ("time_limit", None, None)
    assert answer.holds == "none"
    # every option is there for whoever makes a plan by hand
    assert {offer.option.model for offer in answer.data.offers} == {"large", "small"}


def test_scarce_accelerators_have_a_price_and_the_bound_is_no_worse_than_the_relaxation() -> None:
    # 2 H100 at 0.4 $/h serve nearly everything cheapest, but not all: their market clears far above 0.4.
    fleet = supplies(("h100-sxm", "east", 0.4, 2), ("a100-80gb-sxm", "east", 1.1, None))
    source = source_of(fleet)
    trade = markets(source.study, together=True)
    prices, used, usage = cleared(source, source.options().options, trade, 20.0)
    found = dict(zip((market.supply.accelerator_name for market in trade), prices, strict=True))
    assert found["h100-sxm"] > 0.8 and found["a100-80gb-sxm"] == pytest.approx(1.1)
    assert used
    assert sum(taken for (_, market), taken in usage.items() if market == "h100-sxm@east") == pytest.approx(2)
    data = data_of(source, "under")
    relaxed = relax(data, Effort())
    answer = by_model(source)
    assert relaxed.objective is not None and answer.bound is not None
    assert answer.bound >= relaxed.objective * data.scale("cost") * (1 - 1e-3)


def test_models_in_turn_leave_later_ones_what_the_relaxation_wants_for_them() -> None:
    source = source_of(SCARCE)
    trade = markets(source.study, together=True)
    options = source.options().options
    prices, _, usage = cleared(source, options, trade, 20.0)
    priced = [market.at(price) for market, price in zip(trade, prices, strict=True)]
    plan = in_turn(source, options, priced, usage, Clock(20.0))
    assert plan is not None
    served: dict[str, float] = {}
    for found in plan.deployments:
        for name, rate in found.tokens_per_s.items():
            served[name] = served.get(name, 0.0) + rate
    for workload in source.study.workloads:
        assert served[workload.name] == pytest.approx(workload.demand)
    for market in priced:
        assert market.limit is None or plan.units[market.name] <= market.limit
    assert in_turn(source, options, priced, usage, Clock(0.0)) is None
    first = source.study.workloads[0].model
    of_one = [option for option in options if option.model == first]
    assert in_turn(source, of_one, priced, usage, Clock(20.0)) is None, "a plan serves every model"


def test_two_answers_give_the_better_plan_and_the_better_bound() -> None:
    found = by_model(source_of(PLENTY))
    apart, jointly = replace(found, objective=10.0, bound=8.0), replace(found, objective=9.0, bound=7.0)
    both = better_of(apart, jointly, Clock(10.0))
    assert (both.objective, both.bound, both.termination) == (9.0, 8.0, "time_limit")
    none = replace(found, objective=None, bound=9.0, allocation=None)
    both = better_of(replace(found, objective=9.0, bound=None), none, Clock(10.0))
    assert (both.objective, both.bound, both.termination) == (9.0, 9.0, "optimal")
