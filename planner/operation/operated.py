"""Operated: one period of an allocation with how every deployment runs; what the checks of limits read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from planner.allocation import Allocation, Deployment
from planner.config.resolved import ResolvedStudy
from planner.operation.operation import Operation, operate
from planner.options.option_set import OptionSet


@dataclass(frozen=True)
class Operated:
    """A study, one period of its allocation, and the running state of its deployments in exact physics."""

    study: ResolvedStudy
    allocation: Allocation
    operations: tuple[Operation, ...]
    options: OptionSet

    def serving(self, workload: str) -> Iterator[Operation]:
        """Deployments that serve a workload."""
        return (o for o in self.operations if o.deployment.tokens_per_s.get(workload, 0.0) > 0)

    def share_of_time(self, supply: str) -> float:
        """Largest share of time that instances in a supply may be busy: headroom, and how often they can be had."""
        return self.study.config.utilisation * self.study.supply(supply).availability


def operated(study: ResolvedStudy, allocation: Allocation, options: OptionSet) -> Operated:
    """Run every deployment of one period in exact physics."""
    runs = tuple(
        operate(deployment, options, study.supply(deployment.supply).availability)
        for deployment in allocation.deployments
    )
    return Operated(study, allocation, runs, options)


def where(deployment: Deployment) -> str:
    """A deployment, as checks name it."""
    return f"{deployment.option.id} in {deployment.supply}"
