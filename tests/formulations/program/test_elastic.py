"""Elastic limits: the row as it reads, and the least that gives way, by hand."""

from __future__ import annotations

from pathlib import Path

import pyomo.environ as pyo
import pytest

from formulations.program.build import build_program
from formulations.program.data import Cap, ProgramData
from formulations.program.elastic import relax
from tests.formulations.program.cases import EXACT, capped, measured, program, solve_program, supply


def _solved(data: ProgramData, *caps: Cap, demand: bool = False) -> pyo.ConcreteModel:
    model = build_program(data)
    relax(model, data, caps, demand)
    assert solve_program(model, EXACT).termination == "optimal"
    return model


def test_the_row_measures_excess_in_shares_of_the_limit(tmp_path: Path) -> None:
    data = program([measured("a", 100)], {"chat": 500.0}, (supply(unit=8),))
    model = build_program(data)
    relax(model, data, (Cap("pool", 32.0, {"pool": 8.0}),))
    for component in model.component_objects(pyo.Constraint, active=True):
        if component.local_name != "Limit_Excess":
            component.deactivate()
    path = tmp_path / "model.lp"
    model.write(str(path), format="lp", io_options={"symbolic_solver_labels": True})
    text = path.read_text(encoding="utf-8")
    # 8 accelerators a unit, of 32: 0.25·Units − Excess ≤ 1; minimise the excess
    row = "c_u_Limit_Excess(pool)_:\n-1.0 Excess(pool)\n+0.25 Units(pool)\n<= 1.0\n"
    assert "min \nObjective:\n+1.0 Excess(pool)\n" in text and row in text


def test_fewest_accelerators_beyond_the_limit() -> None:
    # 500 tokens/s at 100 an instance: 5 instances of 4 GPUs are 20 GPUs in 3 units of 8 = 24, 16 beyond the limit of 8
    data = program([measured("a", 100, gpus=4)], {"chat": 500.0}, (supply(unit=8),))
    model = _solved(data, Cap("pool", 8.0, {"pool": 8.0}))
    assert pyo.value(model.Units["pool"]) == 3
    assert pyo.value(model.Excess["pool"]) == pytest.approx(2.0)


def test_power_and_budget_give_way_together() -> None:
    # 5 instances draw 5 kW and cost 10 $/h: 5/4 − 1 of the power, 10/8 − 1 of the budget
    places = (supply(price=2.0, power_kw=1.0),)
    data = program([measured("a", 100)], {"chat": 500.0}, places)
    caps = capped(places, "power", 4.0), capped(places, "cost", 8.0)
    model = _solved(data, *caps)
    assert pyo.value(model.Excess["power"]) == pytest.approx(0.25)
    assert pyo.value(model.Excess["cost"]) == pytest.approx(0.25)
    units = {"pool": round(pyo.value(model.Units["pool"]))}
    assert [cap.taken(units, {}) for cap in caps] == [pytest.approx(5.0), pytest.approx(10.0)]


def test_demand_gives_way_where_that_is_less() -> None:
    # 2 of 5 instances allowed: 3/2 = 150 % more of them, or 60 % less demand
    data = program([measured("a", 100)], {"chat": 500.0}, (supply(),), scaled=("chat",))
    model = _solved(data, Cap("pool", 2.0, {"pool": 1.0}), demand=True)
    assert pyo.value(model.Throughput) == pytest.approx(0.4)
    assert pyo.value(model.Excess["pool"]) == pytest.approx(0.0)
