"""Busy time: in one second every instance has one second, less headroom and what its supply cannot be had."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from planner.checks import Check, at_most
from planner.config.resolved import ResolvedStudy
from planner.limits.limit import Coupling, GivesWay, Limit
from planner.operation.operated import Operated, where


@dataclass(frozen=True)
class BusyTime(Limit):
    """The share of time that instances may be busy."""

    family: ClassVar[str] = "busy time"
    keys: ClassVar[frozenset[str]] = frozenset({"study.utilisation", "supply.availability"})
    gives_way: ClassVar[GivesWay] = "never"

    @classmethod
    def found_in(cls, study: ResolvedStudy) -> Iterator[Self]:
        share = study.config.utilisation
        yield cls(
            "", "utilisation", share, "share of time", f"instances busy at most {share:.0%} of the time"
        )

    @property
    def couples(self) -> frozenset[Coupling]:
        return frozenset()

    def checks(self, operated: Operated) -> Iterator[Check]:
        for operation in operated.operations:
            deployment = operation.deployment
            share = operated.share_of_time(deployment.supply)
            name = where(deployment)
            yield at_most(f"busy time of {name}", operation.busy_share, share, "share of time")
            kind = operated.options.measured.get(deployment.option.kind)
            if kind is not None:
                rates = {row.workload: row.requests_per_s for row in kind.rows}
                taken = sum(
                    tokens / operated.study.workload(workload).output_tokens / rates[workload]
                    for workload, tokens in deployment.tokens_per_s.items()
                )
                each = taken / deployment.instances
                yield at_most(f"measured capacity of {name}", each, share, "share of its rate")
