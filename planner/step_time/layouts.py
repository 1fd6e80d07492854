"""Whole-numbered layouts of points: `fleetplan step-time --enumeration deployable`, and the case that a row names."""

from __future__ import annotations

from functools import lru_cache
from math import sqrt

import pandas as pd

from fleets import catalog
from fleets.schema.assumptions import AssumptionSet
from formulations.physics.candidates import SearchSpace
from formulations.physics.case import Case
from formulations.physics.deployable import LayoutLimits, deployable_layouts
from formulations.physics.engine_rules import engine_problem
from formulations.physics.layout import Layout
from planner.errors import InputError
from planner.step_time.points import FIRST_ROW


@lru_cache(maxsize=256)
def case_of(model: str, accelerator: str, assumptions: str) -> Case:
    """The case of catalogue names, in the architecture's own precisions."""
    return Case.of(
        catalog.architecture(model), catalog.accelerator(accelerator), catalog.assumption_set(assumptions)
    )


def layouts_of(case: Case, accelerators: int, space: SearchSpace) -> tuple[Layout, list[str]]:
    """Whole-numbered layouts of `accelerators`, and the rules that the others break."""
    accelerator = catalog.accelerator(case.machine.name)
    divisors = tuple(d for d in range(1, accelerators + 1) if accelerators % d == 0)
    groups = space.attention_scaledown and case.assumptions.choices.attention_scaledown == "data_parallel"
    limits = LayoutLimits(
        instance_accelerators=(accelerators,),
        two_d=(False, True) if sqrt(accelerators).is_integer() else (False,),
        pipeline=divisors if space.pipeline else (1,),
        attention_groups=divisors if groups else (1,),
    )
    found, refused = deployable_layouts(case.architecture, accelerator, limits)
    problems = [
        f"{rejection.layout} needs {rejection.needed}, has {rejection.available}" for rejection in refused
    ]
    started = []
    for row, label in enumerate(found.labels()):
        ranks, experts, groups = (
            found.stage_ranks[row],
            found.expert_parallel[row],
            found.attention_scaledown[row],
        )
        problem = engine_problem(
            case.architecture, case.assumptions, case.weight_precision, int(ranks), bool(experts), int(groups)
        )
        if problem is None:
            started.append(row)
        else:
            problems.append(f"{label} needs {problem[0]}, has {problem[1]}")
    return found.select(started), problems


def check_deployable(checked: pd.DataFrame, step_model: str, assumptions: AssumptionSet, source: str) -> None:
    """Raises `InputError` for rows whose accelerators no layout divides."""
    if step_model != "full":
        raise InputError([f"--enumeration deployable needs --step-model full, not {step_model}"])
    problems = []
    for row, point in enumerate(checked.itertuples()):
        where = f"{source}: row {row + FIRST_ROW}: n_gpu = {point.n_gpu:g}"
        if point.n_gpu != int(point.n_gpu):
            problems.append(f"{where}; deployable layouts need a whole number of accelerators")
            continue
        case = case_of(str(point.model), str(point.accelerator), assumptions.name)
        found, refused = layouts_of(case, int(point.n_gpu), SearchSpace(pipeline=bool(point.use_pp)))
        if not found.shape[0]:
            problems.append(f"{where}: {point.model} cannot be split so: {'; '.join(refused[:2])}")
    if problems:
        raise InputError(problems)
