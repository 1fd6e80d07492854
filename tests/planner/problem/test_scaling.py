"""Numbers of any size: the same plan whatever the units, and the right objective at extreme prices and demands."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from formulations.options import Option
from formulations.program.build import build_program
from formulations.program.data import ProgramData, program_data
from planner.config.load import load_study
from planner.problem.matrix import compile_program
from planner.problem.problem import Problem
from planner.problem.solve import solve
from planner.questions.minimise import CHEAPEST
from tests.formulations.program.cases import cheapest, instances, measured, option, program, solved, supply
from tests.planner.options.test_estimates import dense_study, mixture_study
from tests.planner.problem.test_optimise import study_of
from tests.planner.problems import data_of
from tests.planner.questions.brute_force import Place, Service, best_rates
from tests.planner.questions.brute_force import cheapest as least_cost

SECONDS_PER_DAY = 86_400.0
CENTS = 100.0


def rescaled(data: ProgramData, tokens: float, money: float) -> ProgramData:
    """The same problem with tokens counted per so many seconds and money in a smaller coin."""
    options: dict[str, Option] = {}
    for offer in data.offers:
        found = offer.option
        options[found.id] = replace(found, tokens_per_step=found.tokens_per_step * tokens)
    supplies = {
        s.name: replace(s, counts={**s.counts, "cost": s.counts["cost"] * money}) for s in data.supplies
    }
    pairs = [(options[offer.option.id], supplies[offer.supply.name]) for offer in data.offers]
    work = tuple(replace(workload, demand=workload.demand * tokens) for workload in data.workloads)
    return program_data(pairs, tuple(supplies.values()), work)


@pytest.mark.parametrize("config", [dense_study(prefill=True), mixture_study()], ids=["dense", "mixture"])
@pytest.mark.parametrize(("tokens", "money"), [(SECONDS_PER_DAY, CENTS), (1e-6, 1.0), (1.0, 1e-4)])
def test_other_units_give_the_same_program(config: dict[str, object], tokens: float, money: float) -> None:
    study = load_study(config)
    data = data_of(Problem(study))
    other = rescaled(data, tokens, money)
    first, second = (compile_program(build_program(d)) for d in (data, other))
    assert np.array_equal(first.a.indices, second.a.indices)
    assert np.allclose(first.a.data, second.a.data, rtol=1e-12, atol=0)
    assert np.allclose(first.cost, second.cost, rtol=1e-12, atol=0)
    assert other.scale("cost") == pytest.approx(data.scale("cost") * money)


def test_tokens_per_day_and_cents_give_the_same_plan() -> None:
    study = load_study(mixture_study())
    data = data_of(Problem(study))
    other = rescaled(data, SECONDS_PER_DAY, CENTS)
    (here, result), (there, again) = solved(data), solved(other)
    assert result.objective is not None and again.objective is not None
    assert again.objective * other.scale("cost") == pytest.approx(
        CENTS * result.objective * data.scale("cost")
    )
    assert sum(instances(here).values()) == sum(instances(there).values())


def test_coefficients_are_of_ordinary_size() -> None:
    """Bytes and FLOP never reach the solver: coefficients within about 1e-4 to 1e4; a demand of a millionth of an
    instance is a small share of one in any unit."""
    for factor, least in ((1e-3, 1e-6), (1.0, 1e-4), (1e4, 1e-4)):
        for config in (dense_study(prefill=True), mixture_study()):
            workloads = [dict(w) for w in config["workloads"]]
            for workload in workloads:
                workload["demand_tokens_per_s"] *= factor
            study = load_study({**config, "workloads": workloads})
            values = np.abs(compile_program(build_program(data_of(Problem(study)))).a.data)
            assert values.min() >= least and values.max() <= 1e4


@pytest.mark.parametrize("price", [1e-3, 1.0, 1e5])
@pytest.mark.parametrize("demand", [1.0, 1e3, 1e6, 1e9])
def test_extreme_prices_and_demands(price: float, demand: float) -> None:
    # 8 sequences per step of 10 ms + 8·2 ms: 307.69 tokens/s per instance of 1 GPU.
    found = option(limit=8, step=0.01, sequence=0.002)
    cost = cheapest(program([found], {"chat": demand}, (supply(price=price),)))
    assert cost == pytest.approx(math.ceil(demand / (8 / 0.026)) * price, rel=1e-6)


@pytest.mark.parametrize("factor", [1e-3, 1.0, 1e3])
def test_prices_eight_orders_apart_in_one_program(factor: float) -> None:
    # 5 instances: 3 at a tenth of a cent, the rest at 100,000 $/h.
    places = (supply("owned", 1e-3 * factor, limit=3), supply("dear", 1e5 * factor))
    assert cheapest(program([measured("a", 100)], {"chat": 500.0}, places)) == pytest.approx(
        200_000.003 * factor
    )


def test_workloads_nine_orders_apart_in_one_program() -> None:
    # 1e9 tokens/s and 1 token/s of another model: 1e6 instances of 1,000 tokens/s and one of 50.
    found = [measured("a", 1000, workloads=("much",)), measured("b", 50, workloads=("little",))]
    cost = cheapest(program(found, {"much": 1e9, "little": 1.0}))
    assert cost == pytest.approx(1_000_001, rel=1e-9)


@pytest.mark.parametrize("demand", [1.0, 1e3, 1e6, 1e9])
@pytest.mark.parametrize("price", [1e-3, 1e5])
def test_extremes_of_a_real_study(demand: float, price: float) -> None:
    service = Service("llama-3.1-8b", "default", 2000.0, demand, 30.0, weights=("fp8",))
    place = Place("h100-sxm", price)
    rate = max(rate / size for size, rate in best_rates(service, "h100-sxm").by_size.items())
    expected = demand / rate * price
    answer = solve(Problem(load_study(study_of(service, [place]))), CHEAPEST)
    assert answer.objective is not None and answer.bound is not None
    if demand <= 1e6:
        by_size = best_rates(service, "h100-sxm").by_size
        expected = least_cost([(by_size, place)], demand)
        assert answer.objective == pytest.approx(expected, rel=1e-6)
    assert answer.objective == pytest.approx(max(expected, price), rel=1e-3)
    assert answer.gap is not None and answer.gap <= 1e-5
