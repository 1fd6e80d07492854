"""Kinds: on how many kinds one workload may be served; prompts are processed on kinds counted apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from planner.checks import Check, at_most
from planner.config.resolved import ResolvedStudy
from planner.config.variants import with_workload, workload_key
from planner.limits.entries import Entries
from planner.limits.limit import Coupling, GivesWay, Limit
from planner.operation.operated import Operated


@dataclass(frozen=True)
class KindLimit(Limit):
    """At most so many kinds for a workload."""

    family: ClassVar[str] = "kinds"
    keys: ClassVar[frozenset[str]] = frozenset({"workload.max_kinds", "study.max_kinds_per_workload"})
    gives_way: ClassVar[GivesWay] = "counted"
    serves: ClassVar[bool] = True

    @classmethod
    def found_in(cls, study: ResolvedStudy) -> Iterator[Self]:
        for workload in study.workloads:
            most = workload.max_kinds
            if most is not None:
                own = study.written[workload.name].max_kinds is not None
                key = f"{workload_key(study, workload.name)}.max_kinds" if own else "max_kinds_per_workload"
                sentence = f"{workload.name} on at most {most} kind{'s' * (most != 1)}"
                yield cls(workload.name, key, most, "kinds", sentence)

    @property
    def couples(self) -> frozenset[Coupling]:
        return frozenset({"kinds"})

    def enter(self, entries: Entries) -> None:
        entries.most_kinds[self.subject] = int(self.value)

    def checks(self, operated: Operated) -> Iterator[Check]:
        decoding: set[str] = set()
        prompting: set[str] = set()
        for operation in operated.serving(self.subject):
            option = operation.deployment.option
            (prompting if option.role == "prefill" else decoding).add(option.kind)
        yield at_most(f"kinds of {self.subject}", len(decoding), self.value, "kinds")
        if prompting:
            yield at_most(f"prefill kinds of {self.subject}", len(prompting), self.value, "kinds")

    def dropped(self, study: ResolvedStudy) -> ResolvedStudy:
        return with_workload(study, self.subject, max_kinds=None)

    def stretched(self, study: ResolvedStudy, value: float) -> ResolvedStudy:
        return with_workload(study, self.subject, max_kinds=round(value))

    def instead(self, value: float) -> str:
        return f"{value:.0f} kinds for {self.subject} instead of {self.value:.0f}"
