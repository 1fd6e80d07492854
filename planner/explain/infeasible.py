"""Infeasible: which limits clash, which workloads nothing can serve, and the least that would have to give way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from planner.explain.change import Change
from planner.explain.clash import clash
from planner.explain.jointly import joint_change
from planner.explain.larger import larger_choices
from planner.explain.relaxations import Relaxation, changes, verified
from planner.explain.trial import Trial
from planner.explain.unserved import Unserved, unserved
from planner.limits.limit import Limit
from planner.limits.supply import SupplyLimit
from planner.problem.problem import Problem
from planner.questions.ask import question_of

CLASH_SHARE = 0.4
"""Share of the time for finding what clashes; the rest is for what would help."""
MOST_LARGER = 3
"""Larger choices that are tried and help; more would only make the list longer."""


@dataclass(frozen=True)
class Infeasibility:
    """Why a study has no plan, and what would give it one, the smallest change first."""

    clashes: tuple[str, ...]
    """Limits that cannot be kept together, in the config's words."""
    minimal: bool
    """Whether every one of them is needed for the clash."""
    relaxations: tuple[Relaxation, ...]
    """Each alone makes a plan possible; each was solved with."""
    complete: bool
    """Whether the time sufficed to try every limit that clashes."""
    solves: int

    def records(self) -> tuple[dict[str, Any], ...]:
        """The relaxations as plans carry them."""
        return tuple({**vars(relaxation), "keys": list(relaxation.keys)} for relaxation in self.relaxations)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader of the list must know about it."""
        found = []
        if not self.minimal:
            found.append("the time ran out before every limit was shown to be needed for the clash")
        if not self.complete:
            found.append(
                "the time ran out before every limit that clashes was relaxed; raise solver.time_limit_s"
            )
        if not self.relaxations:
            found.append("no change of the limits, layouts or precisions that was tried gives a plan")
        return tuple(found)


def explain_infeasible(problem: Problem, seconds: float) -> Infeasibility:
    """Explain why the study has no plan, within about that many seconds.

    Relaxations are ordered by how far they give way in shares of the limit, which is comparable across units; each states
    what the fleet would then cost.
    """
    trial = Trial(seconds)
    missing = unserved(problem)
    if missing:
        names = {lack.workload for lack in missing}
        limits, minimal = _limits_of_unserved(problem, missing), True
        sentences = tuple(lack.sentence for lack in missing)
    else:
        names = {workload.name for workload in problem.study.workloads}
        limits, minimal = clash(problem, trial.part(CLASH_SHARE))
        sentences = tuple(str(limit) for limit in limits)
    found = [r for change in changes(problem, trial, limits) if (r := _checked(problem, trial, change))]
    if all(_serves_less(problem, relaxation) for relaxation in found) and not trial.over:
        together = joint_change(problem, trial, missing, demand=not found)
        if together is not None and (relaxation := _checked(problem, trial, together)):
            found.append(relaxation)
    found += _larger(problem, trial, tuple(sorted(names)))
    ordered = sorted(found, key=lambda relaxation: (relaxation.share, relaxation.usd_per_hour))
    return Infeasibility(sentences, minimal, tuple(ordered), not trial.over, trial.solves)


def _limits_of_unserved(problem: Problem, missing: list[Unserved]) -> list[Limit]:
    wanted = {(lack.cause, lack.workload) for lack in missing}
    supply = any(lack.cause == "supply" for lack in missing)
    return [
        limit
        for limit in question_of(problem).limits
        if (limit.family, limit.subject) in wanted or (supply and isinstance(limit, SupplyLimit))
    ]


def _serves_less(problem: Problem, relaxation: Relaxation) -> bool:
    """Whether it only gives demand up."""
    demands = {limit.key.rpartition(".")[0] for limit in problem.limits if limit.gives_way == "scaled"}
    served = {limit.key for limit in problem.limits if limit.serves}
    return all(key not in served and key.split(".")[0] in demands for key in relaxation.keys)


def _checked(problem: Problem, trial: Trial, change: Change) -> Relaxation | None:
    return None if trial.over else verified(problem, trial, change)


def _larger(problem: Problem, trial: Trial, workloads: tuple[str, ...]) -> list[Relaxation]:
    found: list[Relaxation] = []
    keys: set[tuple[str, ...]] = set()
    for change in larger_choices(problem, workloads):
        if trial.over or len(found) == MOST_LARGER:
            break
        if change.keys in keys:
            continue  # the smaller step of the same choice is already enough
        if trial.feasible(problem.changed(change.apply)) and (relaxation := _checked(problem, trial, change)):
            found.append(relaxation)
            keys.add(change.keys)
    return found
