"""Demand: every workload is served in full, and what is decoded apart had its prompt processed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from planner.checks import Check, at_least
from planner.config.resolved import ResolvedStudy
from planner.config.variants import with_demand, with_workload, workload_key
from planner.limits.limit import Coupling, Dual, GivesWay, Limit
from planner.operation.costs import served
from planner.operation.operated import Operated

NEXT_TO_NOTHING = 1e-6
"""Share of a demand that stands for none: a workload without any would be another study."""
THOUSAND = 1000.0


def margin(safety: float) -> str:
    """What is added to a limit, where anything is."""
    return f", with its margin of {safety:.0%}" if safety else ""


@dataclass(frozen=True)
class Demand(Limit):
    """So many tokens (or requests) per second of a workload."""

    family: ClassVar[str] = "demand"
    keys: ClassVar[frozenset[str]] = frozenset({"workload.demand"})
    gives_way: ClassVar[GivesWay] = "scaled"

    @classmethod
    def found_in(cls, study: ResolvedStudy) -> Iterator[Self]:
        for workload in study.workloads:
            if workload.demand <= 0:
                continue
            requests = study.written[workload.name].demand_requests_per_s is not None
            field = "demand_requests_per_s" if requests else "demand_tokens_per_s"
            asked = workload.asked_demand
            value = asked / workload.output_tokens if requests else asked
            unit = "requests/s" if requests else "tokens/s"
            key = f"{workload_key(study, workload.name)}.{field}"
            sentence = f"{value:,.6g} {unit} of {workload.name}{margin(workload.safety)}"
            yield cls(workload.name, key, value, unit, sentence)

    @property
    def couples(self) -> frozenset[Coupling]:
        return frozenset()

    def checks(self, operated: Operated) -> Iterator[Check]:
        name, deployments = self.subject, operated.allocation.deployments
        asked = operated.study.workload(name).demand
        yield at_least(f"demand of {name} served", served(deployments, name), asked, "tokens/s")
        prompts = decoded = 0.0
        for deployment in deployments:
            tokens = deployment.tokens_per_s.get(name, 0.0)
            measured = deployment.option.kind in operated.options.measured
            if deployment.option.role == "prefill":
                prompts += tokens
            elif deployment.option.role == "decode" and (measured or operated.study.workload(name).prompted):
                decoded += tokens
        if decoded > 0:
            yield at_least(f"prompts of {name} processed before decode", prompts, decoded, "tokens/s")

    def dropped(self, study: ResolvedStudy) -> ResolvedStudy:
        return with_workload(with_demand(study, NEXT_TO_NOTHING, self.subject), self.subject, max_kinds=None)

    def stretched(self, study: ResolvedStudy, value: float) -> ResolvedStudy:
        return with_demand(study, value / self.value, self.subject)

    def instead(self, value: float) -> str:
        less = f"{1 - value / self.value:.1%} less demand of {self.subject}"
        return f"{less} ({value:,.6g} instead of {self.value:,.6g} {self.unit})"

    def dual(self, lot: float) -> Dual | None:
        key = f"{self.key.rpartition('.')[0]}.demand_tokens_per_s"
        return Dual("Balance_Demand", self.subject, "1,000 tokens/s", THOUSAND / lot, key, False)
