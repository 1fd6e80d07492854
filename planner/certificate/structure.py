"""Structure: whether an allocation is one that the config allows at all, before any physics is asked.

Whole numbers; options of the config's own kinds, in supplies of their accelerator, serving workloads of their model; no
more kinds than allowed. Compared with the tables that physics was evaluated on, not with the program.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from planner.allocation import Allocation, Deployment
from planner.checks import Check, at_most, equal, holds
from planner.config.resolved import ResolvedStudy
from planner.options.build import OptionSet


def structure(study: ResolvedStudy, allocation: Allocation, options: OptionSet) -> list[Check]:
    """Every structural check of an allocation."""
    checks: list[Check] = []
    supplies = {supply.name: supply for supply in study.supplies}
    for deployment in allocation.deployments:
        where = f"{deployment.option.id} in {deployment.supply}"
        counts = (deployment.instances, deployment.spares)
        checks.append(holds(f"whole instances of {where}", _whole(counts) and deployment.instances >= 1))
        supply = supplies.get(deployment.supply)
        offered = supply is not None and supply.accelerator_name == deployment.option.accelerator
        checks.append(holds(f"{where} is an accelerator of its supply", offered))
        checks += _flows(study, deployment, where)
        checks.append(
            holds(f"{where} is a kind that the config allows", _allowed(study, deployment, options))
        )
        checks += _yield(deployment, options, where)
    units = [allocation.units.get(name, -1) for name in supplies]
    checks.append(
        holds("whole units of every supply", _whole(units) and set(allocation.units) == set(supplies))
    )
    checks += _kinds(study, allocation)
    return checks


def _whole(counts: tuple[int, ...] | list[int]) -> bool:
    return all(isinstance(count, int) and count >= 0 for count in counts)


def _flows(study: ResolvedStudy, deployment: Deployment, where: str) -> Iterator[Check]:
    """Only workloads that the option may serve and whose model it runs, at finite rates."""
    models = {workload.name: workload.model for workload in study.workloads}
    option = deployment.option
    for workload, tokens in deployment.tokens_per_s.items():
        served = workload in option.workloads and models.get(workload) == option.model
        yield holds(f"{where} may serve {workload}", served)
        yield holds(f"rate of {workload} on {where} is a number", math.isfinite(tokens) and tokens >= 0)


def _allowed(study: ResolvedStudy, deployment: Deployment, options: OptionSet) -> bool:
    """The kind is in a table of the physics (or of measurements) and its size and precisions are the config's."""
    option = deployment.option
    measured = options.measured.get(option.kind)
    if measured is not None:
        row = measured.rows[0]
        return (row.model, row.accelerator, row.gpus) == (option.model, option.accelerator, option.gpus)
    if option.kind not in options.performances:
        return False
    performance, row_number = options.performances[option.kind]
    table, model = performance.table, study.model(option.model)
    return bool(
        table.name(row_number) == option.kind
        and option.row == row_number
        and table.gpus[row_number] == option.gpus
        and table.role == option.role
        and option.gpus in study.config.layouts.instance_gpus
        and table.weight_precisions[row_number] in model.weight_precisions
        and table.kv_precisions[row_number] in model.kv_precisions
    )


def _yield(deployment: Deployment, options: OptionSet, where: str) -> Iterator[Check]:
    """Tokens per step (of prefill: per prompt) are those of the physics."""
    option = deployment.option
    if option.kind not in options.performances:
        return
    performance, row = options.performances[option.kind]
    outputs = {workload.name: workload.output_tokens for workload in performance.workloads}
    expected = (
        np.array([outputs.get(workload, math.nan) for workload in option.workloads])
        if option.role == "prefill"
        else np.full(len(option.workloads), performance.tokens_per_step[row, 0])
    )
    error = float(np.abs(option.tokens_per_step / expected - 1.0).max(initial=0.0))
    yield equal(f"tokens per step of {where}, relative error", 1.0 + error, 1.0)


def _kinds(study: ResolvedStudy, allocation: Allocation) -> Iterator[Check]:
    """Kinds that decode a workload, and kinds that process its prompts, each within the limit."""
    for workload in study.workloads:
        if workload.max_kinds is None:
            continue
        for prefill, what in ((False, "kinds"), (True, "prefill kinds")):
            kinds = {
                d.option.kind
                for d in allocation.deployments
                if (d.option.role == "prefill") is prefill and d.tokens_per_s.get(workload.name, 0.0) > 0
            }
            if kinds or not prefill:
                yield at_most(f"{what} of {workload.name}", len(kinds), workload.max_kinds, "kinds")
