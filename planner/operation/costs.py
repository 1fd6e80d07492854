"""Costs: what each supply, deployment and workload counts, from the supplies' figures; parts sum to the total."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from planner.allocation import Allocation, Deployment
from planner.config.resolved import ResolvedStudy
from planner.objectives import COST, Objective
from planner.operation.operation import Operation

SECONDS_PER_HOUR = 3600.0


def supply_totals(study: ResolvedStudy, allocation: Allocation, objective: Objective) -> dict[str, float]:
    """What the units of every supply count under an objective."""
    return {s.name: objective.total((s,), allocation.units) for s in study.supplies}


def total(study: ResolvedStudy, allocation: Allocation, objective: Objective) -> float:
    """What all units count."""
    return objective.total(study.supplies, allocation.units)


def deployment_costs(study: ResolvedStudy, allocation: Allocation) -> list[float]:
    """$ per hour of every deployment: its part of its supply's cost, by accelerators; empty places are shared too."""
    costs = supply_totals(study, allocation, COST)
    used: dict[str, int] = {}
    for deployment in allocation.deployments:
        used[deployment.supply] = used.get(deployment.supply, 0) + deployment.gpus
    return [costs[d.supply] * d.gpus / used[d.supply] for d in allocation.deployments]


@dataclass(frozen=True)
class WorkloadCost:
    """$ per hour of one workload; prompts and generated tokens apart."""

    total: float
    prompts: float

    @property
    def generation(self) -> float:
        return self.total - self.prompts


def workload_costs(
    study: ResolvedStudy, allocation: Allocation, operations: Iterable[Operation]
) -> dict[str, WorkloadCost]:
    """Cost of every workload: its part of the busy time of each deployment; fixed and idle time pro rata.

    The parts sum to the total of all supplies that serve anything. Within a workload the time of prompts is the cost of
    its input tokens (the paper's section 4.3 compares the two).
    """
    totals = dict.fromkeys((w.name for w in study.workloads), 0.0)
    prompts = dict(totals)
    for operation, cost in zip(operations, deployment_costs(study, allocation), strict=True):
        busy = sum(operation.load.values())
        for workload, load in operation.load.items():
            if busy > 0:
                totals[workload] += cost * load / busy
                prompts[workload] += cost * operation.prompt_load[workload] / busy
    return {workload: WorkloadCost(totals[workload], prompts[workload]) for workload in totals}


def per_million(usd_per_hour: float, tokens_per_s: float) -> float:
    """$ per million tokens; NaN without tokens."""
    return usd_per_hour / (tokens_per_s * SECONDS_PER_HOUR / 1e6) if tokens_per_s > 0 else math.nan


def served(deployments: Iterable[Deployment], workload: str) -> float:
    """Tokens per second of a workload, prefill instances not counted."""
    return sum(d.tokens_per_s.get(workload, 0.0) for d in deployments if d.option.role != "prefill")
