"""Costs: what each supply, deployment and workload costs; recomputed from prices, and parts that sum to the total."""

from __future__ import annotations

from collections.abc import Iterable

from planner.config.resolve import ResolvedStudy
from planner.plan.allocation import Allocation, Deployment
from planner.plan.operation import Operation


def supply_costs(study: ResolvedStudy, allocation: Allocation) -> dict[str, float]:
    """$ per hour of every supply: units · size · price."""
    return {s.name: allocation.units[s.name] * s.unit * s.usd_per_hour for s in study.supplies}


def deployment_costs(study: ResolvedStudy, allocation: Allocation) -> list[float]:
    """$ per hour of every deployment: its part of its supply's cost, by accelerators; empty places are shared too."""
    costs = supply_costs(study, allocation)
    used: dict[str, int] = {}
    for deployment in allocation.deployments:
        used[deployment.supply] = used.get(deployment.supply, 0) + deployment.gpus
    return [costs[d.supply] * d.gpus / used[d.supply] for d in allocation.deployments]


def workload_costs(
    study: ResolvedStudy, allocation: Allocation, operations: Iterable[Operation]
) -> dict[str, float]:
    """$ per hour of every workload: its part of the busy time of each deployment; fixed and idle time pro rata.

    The parts sum to the total of all supplies that serve anything.
    """
    parts = dict.fromkeys((w.name for w in study.workloads), 0.0)
    for operation, cost in zip(operations, deployment_costs(study, allocation), strict=True):
        total = sum(operation.load.values())
        for workload, load in operation.load.items():
            if total > 0:
                parts[workload] += cost * load / total
    return parts


def served(deployments: Iterable[Deployment], workload: str) -> float:
    """Tokens per second of a workload, prefill instances not counted."""
    return sum(d.tokens_per_s.get(workload, 0.0) for d in deployments if d.option.role != "prefill")
