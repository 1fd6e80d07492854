"""First token: how long a user of a workload waits for it, on average.

Enters through the options: their classes promise a time to first token (`planner.options.classes`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from planner.checks import Check, at_most
from planner.config.resolved import ResolvedStudy
from planner.config.variants import MILLI, ttft_ms, with_ttft, with_workload, workload_key
from planner.limits.demand import margin
from planner.limits.limit import Coupling, TimeLimit
from planner.operation.operated import Operated, where


@dataclass(frozen=True)
class FirstToken(TimeLimit):
    """At most so many milliseconds to the first token of a workload."""

    family: ClassVar[str] = "ttft"
    keys: ClassVar[frozenset[str]] = frozenset({"workload.max_ttft_s"})

    @classmethod
    def found_in(cls, study: ResolvedStudy) -> Iterator[Self]:
        for workload in study.workloads:
            longest = ttft_ms(workload)
            if longest is not None:
                within = f"{longest:.4g} ms{margin(workload.first_token_safety)}"
                sentence = f"{workload.name} with its first token within {within}"
                key = f"{workload_key(study, workload.name)}.max_ttft_ms"
                yield cls(workload.name, key, longest, "ms", sentence)

    @property
    def couples(self) -> frozenset[Coupling]:
        return frozenset()

    @property
    def milliseconds(self) -> float:
        """The time that may get longer: TTFT."""
        return self.value

    def checks(self, operated: Operated) -> Iterator[Check]:
        seconds = operated.study.workload(self.subject).max_ttft_s
        assert seconds is not None
        for operation in operated.serving(self.subject):
            found = operation.ttft_s.get(self.subject)
            if found is not None:
                measured = operation.deployment.option.kind in operated.options.measured
                name = f"{'measured' if measured else 'mean'} TTFT of {self.subject}"
                where_ = where(operation.deployment)
                yield at_most(f"{name} on {where_}", found * MILLI, seconds * MILLI, "ms")

    def dropped(self, study: ResolvedStudy) -> ResolvedStudy:
        return with_workload(study, self.subject, max_ttft_s=None)

    def stretched(self, study: ResolvedStudy, value: float) -> ResolvedStudy:
        """`value` is a time to first token, ms."""
        return with_ttft(study, self.subject, value)

    def instead(self, value: float) -> str:
        return f"first token of {self.subject} within {value:.4g} ms instead of {self.value:.4g} ms"
