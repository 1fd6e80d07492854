"""Pace: how fast every user of a workload sees tokens, at the mean batch and at whole sequences.

Enters through the options: their classes promise a pace (`planner.options.classes`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from planner.checks import Check, at_least, at_most
from planner.config.resolved import ResolvedStudy
from planner.config.variants import MILLI, tpot_ms, with_tpot, with_workload, workload_key
from planner.limits.demand import margin
from planner.limits.limit import Coupling, TimeLimit
from planner.operation.exact_step import exact_step
from planner.operation.operated import Operated, where
from planner.operation.operation import Operation
from planner.operation.whole_batches import whole_batches

UNIT = "tokens/s per user"


@dataclass(frozen=True)
class Pace(TimeLimit):
    """At least so many tokens per second for every user of a workload."""

    family: ClassVar[str] = "pace"
    keys: ClassVar[frozenset[str]] = frozenset({"workload.pace"})

    @classmethod
    def found_in(cls, study: ResolvedStudy) -> Iterator[Self]:
        for workload in study.workloads:
            if workload.pace <= 0:
                continue
            name, asked = workload.name, workload.asked_pace
            longest = f"TPOT {tpot_ms(workload):.4g} ms"
            sentence = (
                f"{name} at {asked:.4g} tokens/s per user or faster ({longest}){margin(workload.safety)}"
            )
            field = "max_tpot_ms" if study.written[name].max_tpot_ms is not None else "min_pace_tokens_per_s"
            yield cls(name, f"{workload_key(study, name)}.{field}", asked, UNIT, sentence)

    @property
    def couples(self) -> frozenset[Coupling]:
        return frozenset()

    @property
    def milliseconds(self) -> float:
        """The time that may get longer: TPOT."""
        return MILLI / self.value

    def checks(self, operated: Operated) -> Iterator[Check]:
        asked = operated.study.workload(self.subject).pace
        for operation in operated.serving(self.subject):
            if operation.step is None:
                yield from self._measured(operated, operation, asked)
                continue
            yield at_least(self._name(operation), operation.pace[self.subject], asked, UNIT)
            yield from self._whole(operated, operation, asked)

    def _name(self, operation: Operation) -> str:
        return f"pace of {self.subject} on {where(operation.deployment)}"

    def _whole(self, operated: Operated, operation: Operation, asked: float) -> Iterator[Check]:
        option = operation.deployment.option
        performance, row = operated.options.performances[option.kind]
        for workload, batch, at in whole_batches(operation):
            if workload == self.subject:
                tokens = float(option.tokens_per_step[option.workloads.index(workload)])
                found = tokens / exact_step(performance, row, batch).total
                yield at_least(f"{self._name(operation)} {at}", found, asked, UNIT)

    def _measured(self, operated: Operated, operation: Operation, asked: float) -> Iterator[Check]:
        kind = operated.options.measured.get(operation.deployment.option.kind)
        for row in kind.rows if kind else ():
            if row.workload == self.subject and row.tpot_ms is not None and row.role != "prefill":
                name = f"measured TPOT of {self.subject} on {where(operation.deployment)}"
                yield at_most(name, row.tpot_ms, MILLI / asked, "ms")

    def dropped(self, study: ResolvedStudy) -> ResolvedStudy:
        return with_workload(study, self.subject, pace=0.0)

    def stretched(self, study: ResolvedStudy, value: float) -> ResolvedStudy:
        """`value` is a TPOT, ms."""
        return with_tpot(study, self.subject, value)

    def instead(self, value: float) -> str:
        return f"TPOT of {self.subject} {value:.4g} ms instead of {self.milliseconds:.4g} ms"
