"""Allocation: the solver's answer as plain numbers, free of Pyomo; what certificate, plan and report start from.

What runs and what is held is said for each period; a study in steady state has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from formulations.options import Option

STEADY = "steady"
"""The only period of a study without periods."""


@dataclass(frozen=True)
class Deployment:
    """Instances of one option in one supply during one period, and what they serve."""

    option: Option
    supply: str
    instances: int
    spares: int
    tokens_per_s: dict[str, float]
    """By workload; of prefill instances: tokens whose prompts they process."""
    period: str = STEADY

    @property
    def gpus(self) -> int:
        """Accelerators that its instances take, spares included."""
        return (self.instances + self.spares) * self.option.gpus


@dataclass(frozen=True)
class Allocation:
    """All deployments, and the billing units that hold them."""

    deployments: tuple[Deployment, ...]
    units_by_period: Mapping[str, dict[str, int]]
    """Units held of each supply in each period; its keys are the periods."""
    throughput: float
    """What the scaled workloads get, as a multiple of what the program counts as their demand."""

    @property
    def periods(self) -> tuple[str, ...]:
        """All periods, in order."""
        return tuple(self.units_by_period)

    def during(self, period: str) -> Allocation:
        """One period alone."""
        here = tuple(d for d in self.deployments if d.period == period)
        return Allocation(here, {period: self.units_by_period[period]}, self.throughput)

    def each_period(self) -> Iterator[Allocation]:
        """The periods one after the other."""
        return map(self.during, self.periods)

    @property
    def units(self) -> dict[str, int]:
        """Units held of each supply in the only period; raises `ValueError` where there are several."""
        if len(self.units_by_period) != 1:
            raise ValueError(f"{len(self.units_by_period)} periods: ask for the units of one")
        return next(iter(self.units_by_period.values()))

    @property
    def instances(self) -> dict[str, int]:
        """Instances in each supply that has any, spares included; of one period, as `units` is."""
        found: dict[str, int] = {}
        for deployment in self.deployments:
            count = deployment.instances + deployment.spares
            found[deployment.supply] = found.get(deployment.supply, 0) + count
        return found


def steady(deployments: tuple[Deployment, ...], units: dict[str, int], throughput: float = 1.0) -> Allocation:
    """An allocation of one period."""
    return Allocation(deployments, {STEADY: units}, throughput)
