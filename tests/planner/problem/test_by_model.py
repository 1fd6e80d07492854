"""By model: the same objective as one program for all, whether limits bind or not; bounds hold; sites and placing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from formulations.program.build import build_program
from planner.allocation import Allocation, Deployment
from planner.config.load import load_study
from planner.options.build import OptionSource
from planner.problem.answer import Answer
from planner.problem.clock import Clock
from planner.problem.data import data_for
from planner.problem.decomposition.by_model import _better, separable, together
from planner.problem.decomposition.in_turn import in_turn
from planner.problem.decomposition.markets import cleared, markets
from planner.problem.decomposition.placing import placed
from planner.problem.highs import SolverOptions, solve_relaxation
from planner.problem.optimise import optimise, optimise_jointly
from planner.questions.goals import cost_goal, goal_of
from tests.formulations.program.cases import measured
from tests.planner.options.test_estimates import dense_study, mixture_study
from tests.planner.problem.test_optimise import holds_in_exact_physics


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


def source_of(fleet: dict[str, Any], gap: float = 1e-3, **changes: Any) -> OptionSource:
    config = dense_study(fleet=fleet, solver={"gap": gap, "time_limit_s": 40, "threads": 2}, **changes)
    return OptionSource(load_study(config))


def by_model(source: OptionSource) -> Answer:
    answer = together(source, cost_goal(), optimise_jointly)
    assert answer is not None
    return answer


@pytest.mark.parametrize("fleet", [PLENTY, SCARCE, SITES], ids=["plenty", "scarce", "sites"])
def test_cutting_up_changes_no_objective(fleet: dict[str, Any]) -> None:
    source = source_of(fleet)
    apart, jointly = by_model(source), optimise_jointly(source, cost_goal())
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
    assert separable(source_of(PLENTY), cost_goal())
    assert not separable(
        source_of(dense_study()["fleet"]), cost_goal()
    )  # nodes of 8 that two models could fill
    assert not separable(source_of(PLENTY), cost_goal(budget_usd_per_hour=100.0))
    assert not separable(source_of(PLENTY, power_limit_kw=50.0), cost_goal())
    fewest = OptionSource(load_study(dense_study(fleet=PLENTY, question={"minimise": "gpus"})))
    assert not separable(fewest, goal_of(fewest.study.config.question))
    assert not separable(OptionSource(load_study(mixture_study())), cost_goal())


def test_one_model_is_not_cut_up() -> None:
    source = OptionSource(load_study(mixture_study()))
    assert optimise(source, cost_goal()).objective == pytest.approx(
        optimise_jointly(source, cost_goal()).objective
    )


def test_markets_join_sites_and_know_their_prices() -> None:
    trade = {market.supply.accelerator_name: market for market in markets(source_of(SITES).study)}
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
    allocation = Allocation((deployment(1, 3), deployment(4, 2)), {}, 1.0)
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
    found = placed(Allocation((deployment(4, 3, spares=1),), {}, 1.0), {"market": sites}, study)
    assert found is not None
    assert sum(d.instances for d in found.deployments) == 3
    assert sum(d.spares for d in found.deployments) == 1
    assert placed(Allocation((deployment(4, 5),), {}, 1.0), {"market": sites}, study) is None


def test_without_time_it_holds_no_plan_and_pretends_none() -> None:
    config = dense_study(fleet=SCARCE, solver={"gap": 1e-3, "time_limit_s": 1e-6, "threads": 2})
    answer = by_model(OptionSource(load_study(config)))
    assert (answer.termination, answer.objective, answer.bound) == ("time_limit", None, None)
    assert answer.holds == "none"
    # every option is there for whoever makes a plan by hand
    assert {offer.option.model for offer in answer.data.offers} == {"large", "small"}


def test_scarce_accelerators_have_a_price_and_the_bound_is_no_worse_than_the_relaxation() -> None:
    # 2 H100 at 0.4 $/h serve nearly everything cheapest, but not all: their market clears far above 0.4.
    fleet = supplies(("h100-sxm", "east", 0.4, 2), ("a100-80gb-sxm", "east", 1.1, None))
    source = source_of(fleet)
    trade = markets(source.study)
    prices, used, usage = cleared(source.study, source.options().options, trade, 20.0)
    found = dict(zip((market.supply.accelerator_name for market in trade), prices, strict=True))
    assert found["h100-sxm"] > 0.8 and found["a100-80gb-sxm"] == pytest.approx(1.1)
    assert used
    assert sum(taken for (_, market), taken in usage.items() if market == "h100-sxm@east") == pytest.approx(2)
    data = data_for(source.study, source.options("under").options)
    relaxed = solve_relaxation(build_program(data), SolverOptions())
    answer = by_model(source)
    assert relaxed.objective is not None and answer.bound is not None
    assert answer.bound >= relaxed.objective * data.money_unit * (1 - 1e-3)


def test_models_in_turn_leave_later_ones_what_the_relaxation_wants_for_them() -> None:
    source = source_of(SCARCE)
    trade = markets(source.study)
    options = source.options().options
    prices, _, usage = cleared(source.study, options, trade, 20.0)
    priced = [market.at(price) for market, price in zip(trade, prices, strict=True)]
    plan = in_turn(source.study, options, priced, usage, Clock(20.0))
    assert plan is not None
    served: dict[str, float] = {}
    for found in plan.deployments:
        for name, rate in found.tokens_per_s.items():
            served[name] = served.get(name, 0.0) + rate
    for workload in source.study.workloads:
        assert served[workload.name] == pytest.approx(workload.demand)
    for market in priced:
        assert market.limit is None or plan.units[market.name] <= market.limit
    assert in_turn(source.study, options, priced, usage, Clock(0.0)) is None


def test_two_answers_give_the_better_plan_and_the_better_bound() -> None:
    found = by_model(source_of(PLENTY))
    apart, jointly = replace(found, objective=10.0, bound=8.0), replace(found, objective=9.0, bound=7.0)
    both = _better(apart, jointly, Clock(10.0))
    assert (both.objective, both.bound, both.termination) == (9.0, 8.0, "time_limit")
    none = replace(found, objective=None, bound=9.0, allocation=None)
    both = _better(replace(found, objective=9.0, bound=None), none, Clock(10.0))
    assert (both.objective, both.bound, both.termination) == (9.0, 9.0, "optimal")
