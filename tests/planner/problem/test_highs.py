"""Why the solver stopped and what we hold, kept apart."""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo
import pytest

from formulations.program.build import build_program
from formulations.program.data import ProgramData
from planner.problem import highs
from planner.problem.effort import Effort
from planner.problem.highs import solve_program, solve_relaxation
from tests.formulations.program.cases import measured, option, program, solved, supply


def hard_program() -> ProgramData:
    """Two hundred kinds with spares, twelve workloads and two supplies: far more than a moment's work."""
    random = np.random.default_rng(3)
    names = tuple(f"w{n}" for n in range(12))
    found = []
    for n in range(200):
        served = tuple(sorted(random.choice(names, 5, replace=False)))
        gpus = int(random.choice([3, 5, 7, 11]))
        found.append(
            option(
                f"o{n}",
                {name: int(random.integers(3, 20) * gpus) for name in served},
                step=float(random.uniform(0.009, 0.011)),
                sequence=float(random.uniform(0.0009, 0.0011) / gpus),
                workloads=served,
                gpus=gpus,
            )
        )
    demand = {name: float(random.uniform(1500, 9000)) for name in names}
    places = (supply("near", price=2.0, limit=90), supply("far", price=2.1, limit=300))
    return program(found, demand, places, spare_number=1)


def test_optimal() -> None:
    _, result = solved(program([measured("a", 100)], {"chat": 450.0}))
    assert (result.termination, result.objective, result.bound) == ("optimal", 5.0, 5.0)


def test_infeasible_has_neither_plan_nor_bound() -> None:
    _, result = solved(program([measured("a", 100)], {"chat": 450.0}, (supply(limit=4),)))
    assert (result.termination, result.objective, result.has_solution) == ("infeasible", None, False)


def test_a_demand_that_nothing_serves_is_infeasible() -> None:
    _, result = solved(program([measured("a", 100)], {"chat": 450.0, "other": 1.0}))
    assert (result.termination, result.has_solution) == ("infeasible", False)


def test_unbounded_throughput() -> None:
    data = program([measured("a", 100)], {"chat": 450.0}, scaled=("chat",))
    _, result = solved(data, "throughput")
    assert result.termination == "unbounded"
    assert result.bound is None


def test_a_gap_that_is_reached_says_so_and_keeps_its_bound() -> None:
    model = build_program(hard_program())
    result = solve_program(model, Effort(gap=0.2, time_limit_s=60))
    assert result.objective is not None and result.bound is not None
    assert result.bound <= result.objective * (1 + 1e-9)
    assert result.objective <= result.bound / (1 - 0.2) * (1 + 1e-9)


def test_a_time_limit_keeps_the_incumbent_and_its_bound() -> None:
    model = build_program(hard_program())
    first = solve_program(model, Effort(gap=0.5, time_limit_s=60))
    again = solve_program(model, Effort(gap=0.0, time_limit_s=0.3), start=True)
    assert first.objective is not None
    assert again.termination == "time_limit"
    assert again.objective is not None and again.objective <= first.objective * (1 + 1e-9)
    assert again.bound is None or again.bound <= again.objective * (1 + 1e-9)


def test_no_time_at_all_holds_nothing_or_a_plan_but_never_pretends() -> None:
    result = solve_program(build_program(hard_program()), Effort(gap=0.0, time_limit_s=1e-4))
    assert result.termination == "time_limit"
    assert result.has_solution == (result.objective is not None)


def test_an_option_that_highs_does_not_know_is_an_error() -> None:
    solver = highs._solver(Effort())
    with pytest.raises(ValueError, match="refuses option no_such_option = 3"):
        highs._set(solver, "no_such_option", 3)
    with pytest.raises(ValueError, match="mip_rel_gap"):
        highs._set(solver, "mip_rel_gap", -1.0)


def test_variables_hold_the_plan_and_integers_are_whole() -> None:
    model, result = solved(program([measured("a", 100), measured("b", 70)], {"chat": 450.0}))
    assert result.has_solution
    for variable in (*model.Instances.values(), *model.Units.values()):
        assert pyo.value(variable) == round(pyo.value(variable))
    served = sum(pyo.value(rate) for rate in model.SequenceRate.values())
    assert served == pytest.approx(4.5)


def test_relaxation_values_the_next_lot() -> None:
    # 100 tokens/s cost 1 $/h: a lot (100 tokens/s) more costs 1.
    data = program([measured("a", 100)], {"chat": 450.0})
    relaxation = solve_relaxation(build_program(data), Effort())
    assert relaxation.objective == pytest.approx(4.5)
    assert relaxation.duals["Balance_Demand", "chat"] == pytest.approx(1.0)
