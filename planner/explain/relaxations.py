"""Relaxations: for each limit that clashes, the least change of it alone that makes a plan possible.

How the least is found is the limit's to say (`planner.limits.limit.GivesWay`). Every suggestion is verified by solving
with it applied.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from planner.certificate.certificate import certify
from planner.errors import InputError
from planner.explain.change import VERIFY_GAP, Change
from planner.explain.less_service import dropped, later, less_demand, less_of_everything, more_kinds
from planner.explain.more_resources import more_of
from planner.explain.trial import Trial, cost_of
from planner.limits.capped import CappedLimit
from planner.limits.limit import Limit, TimeLimit
from planner.objectives import COST
from planner.operation.costs import total
from planner.problem.problem import Problem

ORDER = ("elastic", "whole", "counted", "later", "scaled")
"""Ways of giving way, those that need no new options first."""


@dataclass(frozen=True)
class Relaxation:
    """A verified change: with it the config has a plan at this cost."""

    keys: tuple[str, ...]
    sentence: str
    share: float
    least: bool
    usd_per_hour: float


def verified(problem: Problem, trial: Trial, change: Change) -> Relaxation | None:
    """Solve the config with a change applied; None where that finds no plan.

    A plan that the search itself came with counts when it passes the certificate of the changed config: at the very edge
    of what is possible a second solve may not find one in its time.
    """
    changed = problem.changed(change.apply)
    known = None
    if change.witness is not None and not certify(changed.study, change.witness, changed.options()).failures:
        known = total(changed.study, change.witness, COST)
    found = None
    if known is None or not trial.over:
        try:
            found = cost_of(trial.answer(changed, VERIFY_GAP))
        except InputError:  # not a config that can be asked, such as sizes that do not nest in a unit
            found = None
    costs = [cost for cost in (known, found) if cost is not None]
    if not costs:
        return None
    return Relaxation(change.keys, change.sentence, change.share, change.least, min(costs))


def changes(problem: Problem, trial: Trial, limits: list[Limit]) -> Iterator[Change]:
    """The least change of each limit alone, where one is enough; those that need no new options first."""
    if sum(limit.gives_way == "scaled" for limit in limits) > 1:
        whole = less_of_everything(problem, trial)
        if whole is not None:
            yield whole
    for limit in sorted(limits, key=lambda limit: ORDER.index(limit.gives_way)):
        found = least_change(problem, trial, limit) if not trial.over else None
        if found is not None:
            yield found


def least_change(problem: Problem, trial: Trial, limit: Limit) -> Change | None:
    """The least change of one limit, as it gives way."""
    if isinstance(limit, CappedLimit):
        return more_of(problem, trial, limit)
    if isinstance(limit, TimeLimit):
        return later(problem, trial, limit)
    if limit.gives_way == "counted":
        return more_kinds(problem, trial, limit)
    if limit.gives_way == "scaled":
        return less_demand(problem, trial, limit)
    return dropped(problem, trial, limit)
