"""Relaxations: for each limit that clashes, the least change of it alone that makes a plan possible.

Supply, power and budget from the elastic program, demand from the throughput program, pace and first token by bisection
with the options enumerated again, kinds by counting up. Every suggestion is verified by solving with it applied.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from planner.allocation import Allocation
from planner.certificate.certificate import certify
from planner.errors import InputError
from planner.explain.change import VERIFY_GAP, Change
from planner.explain.less_service import later, less_demand, less_of_everything, more_kinds, no_spares, slower
from planner.explain.limits import Limit
from planner.explain.more_resources import more_money, more_power, more_supply
from planner.explain.trial import Trial, cost_of
from planner.operation.costs import supply_costs
from planner.options.build import OptionSource


@dataclass(frozen=True)
class Relaxation:
    """A verified change: with it the config has a plan at this cost."""

    keys: tuple[str, ...]
    sentence: str
    share: float
    least: bool
    usd_per_hour: float


def verified(source: OptionSource, trial: Trial, change: Change) -> Relaxation | None:
    """Solve the config with a change applied; None where that finds no plan.

    A plan that the search itself came with counts when it passes the certificate of the changed config: at the very edge
    of what is possible a second solve may not find one in its time.
    """
    changed = change.apply(source)
    known = None if change.witness is None else _certified_cost(changed, change.witness)
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


def _certified_cost(source: OptionSource, allocation: Allocation) -> float | None:
    """$ per hour of a plan that passes every check of a study; None where it does not."""
    if not certify(source.study, allocation, source.options()).passed:
        return None
    return sum(supply_costs(source.study, allocation).values())


def changes(source: OptionSource, trial: Trial, limits: list[Limit]) -> Iterator[Change]:
    """The least change of each limit alone, where one is enough; those that need no new options first."""
    search = {
        "supply": more_supply,
        "power": more_power,
        "budget": more_money,
        "spares": no_spares,
        "kinds": more_kinds,
        "pace": slower,
        "ttft": later,
        "demand": less_demand,
    }
    if sum(limit.family == "demand" for limit in limits) > 1:
        whole = less_of_everything(source, trial)
        if whole is not None:
            yield whole
    order = list(search)
    for limit in sorted(limits, key=lambda limit: order.index(limit.family)):
        found = search[limit.family](source, trial, limit) if not trial.over else None
        if found is not None:
            yield found
