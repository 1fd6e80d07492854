"""Variants of a study: the same with another limit, price, demand, pace or setting; nothing is looked up again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from planner.config.resolved import ResolvedStudy, ResolvedSupply, ResolvedWorkload

MILLI = 1e3
"""Milliseconds in a second."""


def with_supplies(study: ResolvedStudy, change: Callable[[ResolvedSupply], ResolvedSupply]) -> ResolvedStudy:
    """Every supply as `change` makes it."""
    return replace(study, supplies=tuple(map(change, study.supplies)))


def with_supply(study: ResolvedStudy, name: str, **changes: Any) -> ResolvedStudy:
    """Fields of one supply changed (`limit`, `usd_per_hour`, …)."""
    return with_supplies(study, lambda s: replace(s, **changes) if s.name == name else s)


def with_workloads(
    study: ResolvedStudy, change: Callable[[ResolvedWorkload], ResolvedWorkload]
) -> ResolvedStudy:
    """Every workload as `change` makes it."""
    return replace(study, workloads=tuple(map(change, study.workloads)))


def with_workload(study: ResolvedStudy, name: str, **changes: Any) -> ResolvedStudy:
    """Fields of one workload changed: `pace`, `max_ttft_s`, `max_kinds`, `demand`."""
    return with_workloads(study, lambda w: replace(w, **changes) if w.name == name else w)


def with_demand(study: ResolvedStudy, factor: float, *workloads: str) -> ResolvedStudy:
    """The demand of some workloads (all, where none is named) times `factor`."""
    return with_workloads(
        study,
        lambda w: replace(w, demand=w.demand * factor) if not workloads or w.name in workloads else w,
    )


def tpot_ms(workload: ResolvedWorkload) -> float:
    """Time per output token that the config asks for, at most, ms; the margin on predictions is not in it."""
    return MILLI / workload.asked_pace


def ttft_ms(workload: ResolvedWorkload) -> float | None:
    """Time to the first token that the config asks for, at most, ms, without the margin."""
    return None if workload.asked_ttft_s is None else workload.asked_ttft_s * MILLI


def with_tpot(study: ResolvedStudy, name: str, milliseconds: float) -> ResolvedStudy:
    """Another TPOT in the config; the workload's margin is added to it."""
    margin = 1 + study.workload(name).safety
    return with_workload(study, name, pace=MILLI / milliseconds * margin)


def with_ttft(study: ResolvedStudy, name: str, milliseconds: float) -> ResolvedStudy:
    """Another time to the first token in the config; the workload's margin is taken off it."""
    margin = 1 + study.workload(name).first_token_safety
    return with_workload(study, name, max_ttft_s=milliseconds / MILLI / margin)


def with_config(study: ResolvedStudy, **changes: Any) -> ResolvedStudy:
    """Fields of the config changed (`power_limit_kw`, `question`, `spares`, `layouts`, …)."""
    return replace(study, config=study.config.model_copy(update=changes))


def with_budget(study: ResolvedStudy, usd_per_hour: float | None) -> ResolvedStudy:
    """Another budget in the question."""
    question = study.config.question.model_copy(update={"budget_usd_per_hour": usd_per_hour})
    return with_config(study, question=question)


def with_solver(
    study: ResolvedStudy,
    *,
    seconds: float | None = None,
    gap: float | None = None,
    threads: int | None = None,
) -> ResolvedStudy:
    """Other solver settings."""
    given = {"time_limit_s": seconds, "gap": gap, "threads": threads}
    changed = {name: value for name, value in given.items() if value is not None}
    return with_config(study, solver=study.config.solver.model_copy(update=changed))


def with_layouts(study: ResolvedStudy, **changes: Any) -> ResolvedStudy:
    """Other limits on layouts."""
    return with_config(study, layouts=study.config.layouts.model_copy(update=changes))


def with_model(study: ResolvedStudy, name: str, **changes: Any) -> ResolvedStudy:
    """Fields of one model changed, such as its precisions."""
    models = tuple(replace(model, **changes) if model.name == name else model for model in study.models)
    return replace(study, models=models)


def of_model(study: ResolvedStudy, model: str) -> ResolvedStudy:
    """The workloads of one model alone."""
    return replace(
        study,
        models=tuple(m for m in study.models if m.name == model),
        workloads=tuple(w for w in study.workloads if w.model == model),
    )


def supply_key(study: ResolvedStudy, name: str) -> str:
    """Where a supply stands in the config: `fleet.supply[2]`."""
    index = next(i for i, supply in enumerate(study.supplies) if supply.name == name)
    return f"fleet.supply[{index}]"


def workload_key(study: ResolvedStudy, name: str) -> str:
    """Where a workload stands in the config: `workloads[0]`."""
    index = next(i for i, workload in enumerate(study.config.workloads) if workload.name == name)
    return f"workloads[{index}]"
