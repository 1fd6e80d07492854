"""One golden LP file for each constraint: the smallest program that shows it.

A golden file is the constraint alone with a zero objective, symbolic labels, as Pyomo writes it. Where a change of the
program is wanted, write the files again and read their diff before it is committed:

    FLEETPLAN_WRITE_GOLDEN=1 pytest tests/formulations/program/test_golden.py -n 0
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pyomo.environ as pyo
import pytest

from formulations.program import build
from formulations.program.build import build_program
from formulations.program.data import Cap, Granted, ProgramData
from formulations.program.elastic import relax
from formulations.program.entry import force
from formulations.program.sites import Site, sell_by_site
from tests.formulations.program.cases import capped, measured, option, program, supply

FOLDER = Path(__file__).parent / "golden"
REWRITE = os.environ.get("FLEETPLAN_WRITE_GOLDEN") == "1"


def _two_roofs() -> ProgramData:
    found = option("a", 4, step=[0.02, 0.01], sequence=[[0.001], [0.006]])
    return program([found], {"chat": 150.0})


def _pool() -> ProgramData:
    return program(
        [option("a", {"chat": 8, "long": 2}, workloads=("chat", "long"))], {"chat": 600, "long": 300}
    )


def _pace() -> ProgramData:
    return program([option("a", 4, resource="pace:memory")], {"chat": 400.0})


def _roles() -> ProgramData:
    return program([measured("p", 300, role="prefill"), measured("d", 100, role="decode")], {"chat": 200.0})


def _sizes() -> ProgramData:
    sizes = [measured(f"tp{n}", 100.0 * n, gpus=n) for n in (1, 2, 16)]
    return program(sizes, {"chat": 5000.0}, (supply("nodes", unit=8, limit=64),))


def _odd_unit() -> ProgramData:
    sizes = [measured(f"tp{n}", 100.0 * n, gpus=n) for n in (4, 8)]
    return program(sizes, {"chat": 5000.0}, (supply("racks", unit=12),))


def _two_kinds(**fields: object) -> ProgramData:
    return program([measured("a", 100), measured("b", 70)], {"chat": 500.0}, (supply(limit=16),), **fields)  # type: ignore[arg-type]


def _prompts() -> ProgramData:
    roles = [measured(name, 300, role="prefill") for name in ("p", "q")]
    return program([*roles, measured("d", 100, role="decode")], {"chat": 200.0}, max_kinds=1)


def _simple() -> ProgramData:
    data = _two_kinds()
    return data.only({offer.key for offer in data.offers}, Granted("cost", 6.0))


CASES: dict[str, Callable[[], ProgramData]] = {
    "Limit_Busy_Time": _two_roofs,
    "Limit_Memory": _pool,
    "Limit_Pace": _pace,
    "Balance_Demand": _pool,
    "Balance_Demand.scaled": lambda: program([measured("a", 100)], {"chat": 200.0}, scaled=("chat",)),
    "Balance_Prefill": _roles,
    "Limit_Share": lambda: program([measured("a", 100)], {"chat": 3.0}),
    "Limit_Packing": _sizes,
    "Limit_Packing.odd_unit": _odd_unit,
    "Limit_Packing.spares": lambda: _two_kinds(spare_share=0.25),
    "Limit_Spare_Share": lambda: _two_kinds(spare_share=0.25),
    "Limit_Spare_Number": lambda: _two_kinds(spare_number=2),
    "Limit_Used": lambda: _two_kinds(spare_number=1),
    "Limit_Cap.cost": lambda: program(
        [measured("a", 100)],
        {"chat": 500.0},
        (supply(price=2.0), supply("nodes", price=1.5, unit=8)),
        budget_usd_per_hour=20.0,
        scaled=("chat",),
    ),
    "Limit_Cap.power": lambda: program(
        [measured("a", 100)], {"chat": 500.0}, (supply(unit=8, power_kw=1.25),), power_limit_kw=40.0
    ),
    "Limit_Cap.instances": lambda: _two_kinds(
        spare_share=0.25, caps=(Cap("instances", 12.0, per_instance={"pool": 1.0}),)
    ),
    "Link_Serves": lambda: _two_kinds(max_kinds=1),
    "Limit_Kinds": lambda: _two_kinds(max_kinds=1),
    "Link_Serves.scaled": lambda: _two_kinds(max_kinds=1, scaled=("chat",)),
    "Limit_Prompt_Kinds": _prompts,
    "Limit_Granted": _simple,
    "Link_Running": _simple,
    "Link_Feeding": _simple,
}


def _elastic() -> pyo.ConcreteModel:
    """Limits that give way, on a program whose data leaves them out."""
    data = program([measured("a", 100)], {"chat": 500.0}, (supply(unit=8),), scaled=("chat",))
    model = build_program(data)
    budget = capped((supply(unit=8),), "cost", 20.0)
    relax(model, data, (Cap("pool", 16.0, {"pool": 8.0}), budget), demand=True)
    return model


def _sites() -> pyo.ConcreteModel:
    """A market bought at two sites, one of them limited."""
    data = program([measured("a", 100)], {"chat": 500.0})
    model = build_program(data)
    sell_by_site(model, data, {"pool": (Site("east", 1.0, 3), Site("west", 1.5, None))})
    return model


def _forced() -> pyo.ConcreteModel:
    """A kind that must have an instance."""
    data = _two_kinds()
    model = build_program(data)
    force(model, data, "b")
    return model


BESIDE = {"Limit_Excess": _elastic, "Limit_Bought": _sites, "Force_Kind": _forced}
"""Constraints that are no part of the planning program but built on it."""


def _built(name: str) -> pyo.ConcreteModel:
    return BESIDE[name]() if name in BESIDE else build_program(CASES[name]())


def _written(model: pyo.ConcreteModel, constraint: str, path: Path) -> str:
    """The LP text of one constraint of a program, the others and the objective left out."""
    for component in model.component_objects(pyo.Constraint, active=True):
        if component.local_name != constraint:
            component.deactivate()
    model.del_component(model.Objective)
    model.Nothing = pyo.Objective(expr=0.0)
    model.write(str(path), format="lp", io_options={"symbolic_solver_labels": True})
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*CASES, *BESIDE])
def test_constraint_reads_as_in_its_golden_file(name: str, tmp_path: Path) -> None:
    text = _written(_built(name), name.split(".")[0], tmp_path / "model.lp")
    golden = FOLDER / f"{name}.lp"
    if REWRITE:
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8"), (
        "see this file's docstring to write the golden files again"
    )


def test_every_constraint_of_the_program_has_a_golden_file() -> None:
    """Both what the concerns' sources define and what any of the cases builds."""
    sources = [Path(str(concern.__file__)) for concern in build.CONCERNS]
    folder = sources[0].parent
    defined = {
        name
        for source in folder.glob("*.py")
        for name in re.findall(r"model\.(\w+) = pyo\.Constraint", source.read_text(encoding="utf-8"))
    }
    built = {
        component.local_name
        for name in [*CASES, *BESIDE]
        for component in _built(name).component_objects(pyo.Constraint)
    }
    golden = {path.stem.split(".")[0] for path in FOLDER.glob("*.lp")}
    assert len(defined) >= 14
    assert defined | built == golden
    assert {path.stem for path in FOLDER.glob("*.lp")} == {*CASES, *BESIDE}


def test_every_component_says_what_it_is_and_in_which_unit() -> None:
    for name in [*CASES, *BESIDE]:
        for component in _built(name).component_objects(
            [pyo.Var, pyo.Constraint, pyo.Expression, pyo.Objective]
        ):
            assert component.doc and re.search(r"\[.+\]$", component.doc), component.name
