"""Certificate: every answer is checked again without Pyomo and without HiGHS, from tables, prices and exact physics.

A failed check is an error, never a result. Each check states the value found and the limit it must keep.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from planner.allocation import Allocation
from planner.certificate.claim import claim
from planner.certificate.memory import memory
from planner.certificate.refutation import refutation
from planner.certificate.sequences import sequences
from planner.certificate.servable import SERVABLE, servable
from planner.certificate.structure import structure
from planner.checks import Check, equal, failures
from planner.config.resolved import ResolvedStudy
from planner.limits.registry import limits_of
from planner.objectives import COST
from planner.operation.costs import supply_totals, workload_costs
from planner.operation.operated import Operated, operated
from planner.options.option_set import OptionSet
from planner.problem.answer import Answer
from planner.problem.contradiction import Contradiction

SMALL_LIMIT = 20
"""Mixed pools are planned in mean batch; from this batch limit up that is within 1 % of whole batches (tests)."""
CONTRADICTION = (
    "even fractions of instances cannot: a combination of the program's rows contradicts itself, checked in plain "
    "arithmetic"
)
SOLVERS_WORD = "by the solver's word: the relaxation has solutions, only whole instances have none"


@dataclass(frozen=True)
class Certificate:
    """All checks of an answer, its linearisation error, and what the proof rests on where there is no plan."""

    checks: tuple[Check, ...]
    linearisation_error: float = 0.0
    remarks: tuple[str, ...] = ()
    evidence: str = ""
    """No plan: what shows it."""
    cross_checks: tuple[Check, ...] = ()
    """Not independent: comparisons with what the solver says of another program (`planner.problem.cross_check`)."""

    @property
    def passed(self) -> bool | None:
        """Whether every check passed; None where there was nothing to check."""
        checks = (*self.checks, *self.cross_checks)
        return all(check.passed for check in checks) if checks else None

    @property
    def failures(self) -> tuple[Check, ...]:
        return failures((*self.checks, *self.cross_checks))

    def to_dict(self) -> dict[str, Any]:
        """As JSON shows it."""
        return {
            "passed": self.passed,
            "checks": [vars(check) for check in self.checks],
            "cross_checks": [vars(check) for check in self.cross_checks],
            "linearisation_error": self.linearisation_error,
            "evidence": self.evidence,
            "remarks": list(self.remarks),
        }


def certified(answer: Answer, cross_checks: Sequence[Check] = (), remarks: Sequence[str] = ()) -> Certificate:
    """The certificate of an answer that holds a plan."""
    assert answer.allocation is not None
    return certify(
        answer.study,
        answer.allocation,
        answer.options,
        claim(answer),
        answer.linearisation_error,
        remarks,
        cross_checks,
    )


def certify(
    study: ResolvedStudy,
    allocation: Allocation,
    options: OptionSet,
    extra: Sequence[Check] = (),
    linearisation_error: float = 0.0,
    remarks: Sequence[str] = (),
    cross_checks: Sequence[Check] = (),
) -> Certificate:
    """Check an allocation against everything the config asked for; `extra` are the checks of what is claimed of it.

    Where the structure is broken (half an instance, a workload of another model) nothing further can be computed, and the
    certificate has those checks alone.
    """
    checks: list[Check] = []
    noted = list(remarks)
    limits = limits_of(study)
    for period in allocation.each_period():
        first = structure(study, period, options)
        checks += first
        if failures(first):
            return Certificate(tuple(checks), linearisation_error, tuple(noted))
        running = operated(study, period, options)
        checks += memory(running)
        checks += sequences(running)
        for limit in limits:
            checks += limit.checks(running)
        checks.append(_parts_of_cost(running))
        noted += _small_mixes(running)
    return Certificate((*checks, *extra), linearisation_error, tuple(noted), cross_checks=tuple(cross_checks))


def refuted(
    study: ResolvedStudy,
    options: OptionSet,
    within: Mapping[str, float],
    found: Contradiction | None,
) -> Certificate:
    """The certificate of an answer that there is no plan: a workload that nothing can serve, or a contradiction of rows.

    `options` are those of under-estimates, `within` the objectives that were kept within a value beside the limits.
    """
    able = (servable(study, options, within, workload.name) for workload in study.workloads)
    unserved = [check for check in able if check.passed]
    if unserved:
        names = ", ".join(check.name.removeprefix(SERVABLE) for check in unserved)
        return Certificate(
            tuple(unserved), evidence=f"no option serves {names} with one instance in the limits"
        )
    check = None if found is None else refutation(found)
    if check is not None and check.passed:
        return Certificate((check,), evidence=CONTRADICTION)
    return Certificate((), evidence=SOLVERS_WORD)


def _parts_of_cost(running: Operated) -> Check:
    """What the workloads cost adds up to what the supplies in use cost."""
    study, allocation = running.study, running.allocation
    parts = sum(cost.total for cost in workload_costs(study, allocation, running.operations).values())
    used = {deployment.supply for deployment in allocation.deployments}
    costs = supply_totals(study, allocation, COST)
    whole = sum(cost for name, cost in costs.items() if name in used)
    return equal("cost of workloads sums to the total", parts, whole, COST.unit)


def _small_mixes(running: Operated) -> Iterator[str]:
    for operation in running.operations:
        option = operation.deployment.option
        if len(operation.batch) > 1 and option.batch_limit.min() < SMALL_LIMIT:
            yield (
                f"{option.id} mixes workloads with a batch limit of {option.batch_limit.min():.0f}, below {SMALL_LIMIT}: "
                "its mean batch can be up to a few percent off what whole batches do"
            )
