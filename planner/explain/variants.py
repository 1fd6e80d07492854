"""Variants of a study for what-if solves: another limit, price, demand, pace or config; the physics is evaluated once.

Layout, precision and length changes need new physics and get a new source; everything else shares the tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from planner.config.resolved import ResolvedStudy, ResolvedSupply, ResolvedWorkload
from planner.options.build import OptionSource

MILLI = 1e3
"""Milliseconds in a second."""


def with_supply(source: OptionSource, name: str, **changes: Any) -> OptionSource:
    """The same study with fields of one supply changed (`limit`, `usd_per_hour`, …)."""
    supplies = tuple(
        replace(supply, **changes) if supply.name == name else supply for supply in source.study.supplies
    )
    return replace(source, study=replace(source.study, supplies=supplies))


def with_supplies(source: OptionSource, changed: Mapping[str, ResolvedSupply]) -> OptionSource:
    """The same study with whole supplies replaced, by name."""
    supplies = tuple(changed.get(supply.name, supply) for supply in source.study.supplies)
    return replace(source, study=replace(source.study, supplies=supplies))


def with_demand(source: OptionSource, factor: float, *workloads: str) -> OptionSource:
    """The demand of some workloads (all, where none is named) times `factor`; options do not depend on it and stay."""
    changed = tuple(
        replace(workload, demand=workload.demand * factor)
        if not workloads or workload.name in workloads
        else workload
        for workload in source.study.workloads
    )
    return replace(source, study=replace(source.study, workloads=changed))


def with_workload(source: OptionSource, name: str, **changes: Any) -> OptionSource:
    """Fields of one workload changed: `pace`, `max_ttft_s`, `max_kinds`, `demand`."""
    return source.asking(replace(source.study.workload(name), **changes))


def tpot_ms(workload: ResolvedWorkload) -> float:
    """Time per output token that the config asks for, at most, ms; the margin on predictions is not in it."""
    return MILLI / workload.asked_pace


def ttft_ms(workload: ResolvedWorkload) -> float | None:
    """Time to the first token that the config asks for, at most, ms, without the margin."""
    return None if workload.max_ttft_s is None else workload.max_ttft_s * (1 + workload.safety) * MILLI


def with_tpot(source: OptionSource, name: str, milliseconds: float) -> OptionSource:
    """Another TPOT in the config; the workload's margin is added to it."""
    workload = source.study.workload(name)
    return with_workload(source, name, pace=MILLI / milliseconds * (1 + workload.safety))


def with_ttft(source: OptionSource, name: str, milliseconds: float) -> OptionSource:
    """Another time to the first token in the config; the workload's margin is taken off it."""
    workload = source.study.workload(name)
    return with_workload(source, name, max_ttft_s=milliseconds / MILLI / (1 + workload.safety))


def with_config(source: OptionSource, **changes: Any) -> OptionSource:
    """Fields of the config changed that no table depends on (`power_limit_kw`, `question`, `spares`, `solver`)."""
    config = source.study.config.model_copy(update=changes)
    return replace(source, study=replace(source.study, config=config))


def with_budget(source: OptionSource, usd_per_hour: float | None) -> OptionSource:
    """Another budget in the question."""
    question = source.study.config.question.model_copy(update={"budget_usd_per_hour": usd_per_hour})
    return with_config(source, question=question)


def with_time(source: OptionSource, seconds: float, gap: float) -> OptionSource:
    """A time limit and a gap for one what-if solve."""
    solver = source.study.config.solver.model_copy(update={"time_limit_s": seconds, "gap": gap})
    return with_config(source, solver=solver)


def with_layouts(source: OptionSource, **changes: Any) -> OptionSource:
    """Other limits on layouts; the physics is evaluated again."""
    config = source.study.config
    layouts = config.layouts.model_copy(update=changes)
    study = replace(source.study, config=config.model_copy(update={"layouts": layouts}))
    return OptionSource(study, source.screening)


def with_model(source: OptionSource, name: str, **changes: Any) -> OptionSource:
    """Other precisions of a model; the physics is evaluated again."""
    models = tuple(
        replace(model, **changes) if model.name == name else model for model in source.study.models
    )
    return OptionSource(replace(source.study, models=models), source.screening)


def supply_key(study: ResolvedStudy, name: str) -> str:
    """Where a supply stands in the config: `fleet.supply[2]`."""
    index = next(i for i, supply in enumerate(study.supplies) if supply.name == name)
    return f"fleet.supply[{index}]"


def workload_key(study: ResolvedStudy, name: str) -> str:
    """Where a workload stands in the config: `workloads[0]`."""
    index = next(i for i, workload in enumerate(study.config.workloads) if workload.name == name)
    return f"workloads[{index}]"
