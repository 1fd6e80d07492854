"""Sensitivity: every figure against solving again, or against the relaxation with its right-hand side moved."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from formulations.program.build import build_program
from planner import solve
from planner.explain.sensitivity import Marginal, Sensitivity, marginals, sensitivity
from planner.problem.data import data_for
from planner.problem.effort import Effort
from planner.problem.highs import solve_relaxation
from planner.problem.problem import Problem
from planner.questions.ask import ask
from tests.planner.explain.cases import chat, limits, source_of, study

TWO = [chat(), chat(name="slow", demand_tokens_per_s=8000, max_tpot_ms=80, input_tokens=4000)]


def _relaxed_cost(source: Problem) -> float:
    data = data_for(source.study, source.limits, source.options().options)
    model = build_program(data)
    model.Limit_Share.deactivate()
    objective = solve_relaxation(model, Effort()).objective
    assert objective is not None
    return objective * data.scale("cost")


def _marginals(config: dict[str, Any]) -> tuple[Marginal, ...]:
    source = source_of(config)
    return marginals(source, ask(source), 60.0) or ()


def _figures(config: dict[str, Any]) -> Sensitivity:
    source = source_of(config)
    return sensitivity(source, ask(source), 60.0)


@pytest.mark.parametrize("name", ["chat", "slow"])
def test_marginal_price_of_demand_is_the_slope_of_the_relaxation(name: str) -> None:
    config = study(workloads=TWO)
    marginal = next(m for m in _marginals(config) if m.of == name)
    more = copy.deepcopy(config)
    workload = next(w for w in more["workloads"] if w["name"] == name)
    workload["demand_tokens_per_s"] += 10.0
    slope = (_relaxed_cost(source_of(more)) - _relaxed_cost(source_of(config))) / 10.0 * 1000.0
    assert marginal.usd_per_hour == pytest.approx(slope, rel=1e-6)
    assert marginal.usd_per_hour > 0 and marginal.source == "linear relaxation"


def test_marginal_worth_of_a_limit_is_what_one_accelerator_more_saves() -> None:
    config = study(fleet=limits(8, 64))
    marginal = next(m for m in _marginals(config) if m.of == "h100-sxm")
    saved = _relaxed_cost(source_of(study(fleet=limits(16, 64)))) - _relaxed_cost(source_of(config))
    assert marginal.usd_per_hour == pytest.approx(saved / 8, rel=1e-6)  # both limits bind the relaxation
    assert marginal.usd_per_hour < 0


def test_marginal_worth_of_power() -> None:
    config = study(power_limit_kw=16.0, fleet=limits(24, 64))
    marginal = next(m for m in _marginals(config) if m.of == "power")
    more = _relaxed_cost(source_of(study(power_limit_kw=16.01, fleet=limits(24, 64))))
    assert marginal.usd_per_hour == pytest.approx(
        (more - _relaxed_cost(source_of(config))) / 0.01, rel=1e-4, abs=1e-9
    )


def test_headroom_is_served_by_the_bought_fleet_and_a_little_more_is_not() -> None:
    config = study(workloads=TWO)
    plan = solve(config, compare=False)
    bought = dict(zip(plan.supply["supply"], plan.supply["gpus"], strict=True))
    fleet = limits(int(bought["h100-sxm"]), int(bought["a100-80gb-sxm"]))
    for headroom in _figures(config).headroom:
        for factor, expected in (
            (1 + headroom.share * 0.999 - 1e-6, True),
            (1 + headroom.share + 0.003, False),
        ):
            workloads = copy.deepcopy(TWO)
            for workload in workloads:
                if headroom.workload in ("all", workload["name"]):
                    workload["demand_tokens_per_s"] *= factor
            found = solve(study(fleet=fleet, workloads=workloads), compare=False, explain=False).found
            assert found is expected, (headroom, factor)


def test_steps_are_the_costs_of_the_changed_configs() -> None:
    config = study(workloads=TWO)
    figures = _figures(config)
    base = solve(config, compare=False).usd_per_hour
    for step, factor in zip(figures.demand, (1.01, 1.1), strict=True):
        workloads = copy.deepcopy(TWO)
        for workload in workloads:
            workload["demand_tokens_per_s"] *= factor
        assert step.usd_per_hour == pytest.approx(
            solve(study(workloads=workloads), compare=False).usd_per_hour, rel=1e-5
        )
        assert step.extra_usd_per_hour == pytest.approx(step.usd_per_hour - base, abs=1e-3)
        assert step.at_least is not None and step.at_most is not None
        assert step.at_least - 1e-9 <= step.extra_usd_per_hour <= step.at_most + 1e-9
    assert [step.change for step in figures.tpot] == [
        "TPOT of chat 39 ms instead of 40 ms",
        "TPOT of chat 41 ms instead of 40 ms",
        "TPOT of slow 79 ms instead of 80 ms",
        "TPOT of slow 81 ms instead of 80 ms",
    ]
    faster = copy.deepcopy(TWO)
    faster[0]["max_tpot_ms"] = 39
    assert figures.tpot[0].usd_per_hour == pytest.approx(
        solve(study(workloads=faster), compare=False).usd_per_hour, rel=1e-5
    )


def test_a_price_moves_the_cost_by_no_more_than_what_is_bought_there() -> None:
    config = study()
    figures = _figures(config)
    plan = solve(config, compare=False)
    bought = plan.supply[plan.supply["gpus"] > 0]
    assert len(figures.prices) == 2 * len(bought)
    for position, row in enumerate(bought.itertuples()):
        cheaper, dearer = figures.prices[2 * position : 2 * position + 2]
        spent = 0.1 * row.usd_per_hour  # the same plan at the new price costs that much less or more
        assert cheaper.extra_usd_per_hour is not None and dearer.extra_usd_per_hour is not None
        assert cheaper.extra_usd_per_hour <= -spent + 1e-6
        assert 0 <= dearer.extra_usd_per_hour <= spent + 1e-6


def test_a_first_token_sooner_costs_no_less_than_one_later() -> None:
    workload = chat(max_ttft_ms=80)
    config = study(workloads=[workload])
    sooner, later = _figures(config).ttft
    assert sooner.change == "first token of chat within 72 ms instead of 80 ms"
    costs = [
        solve(study(workloads=[workload | {"max_ttft_ms": ms}]), compare=False).usd_per_hour
        for ms in (72, 88)
    ]
    assert [sooner.usd_per_hour, later.usd_per_hour] == pytest.approx(costs, rel=1e-5)
    assert costs[0] >= costs[1] - 1e-6


def test_plans_carry_marginal_prices_and_with_the_flag_everything() -> None:
    assert [m["of"] for m in solve(study()).sensitivity["marginal"]] == ["chat", "h100-sxm", "a100-80gb-sxm"]
    full = solve(study(), compare=False, sensitivity=True).to_dict()["sensitivity"]
    assert full["headroom"] and full["demand_steps"] and full["tpot_steps"]


def test_other_questions_are_told_so() -> None:
    figures = _figures(study(question={"minimise": "gpus"}))
    assert figures.notes == ("sensitivities are given for questions that minimise cost",)
