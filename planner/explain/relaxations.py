"""Relaxations: for each limit that clashes, the least change of it alone that makes a plan possible.

Supply, power and budget from the elastic program, demand from the throughput program, pace and first token by bisection
with the options enumerated again, kinds by counting up. Every suggestion is verified by solving with it applied.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pyomo.environ as pyo

from formulations.program.build import build_program
from formulations.program.data import ProgramData
from formulations.program.elastic import Elastic, drawn_kw, relax, spent_usd_per_hour
from planner.errors import InputError
from planner.explain.bisect import least_stretch, rounded_down
from planner.explain.limits import Limit
from planner.explain.trial import Trial, cost_of
from planner.explain.variants import (
    with_budget,
    with_config,
    with_demand,
    with_supply,
    with_tpot,
    with_ttft,
    with_workload,
)
from planner.options.build import OptionSource
from planner.plan.allocation import Allocation, read_allocation
from planner.plan.certificate import certify
from planner.plan.costs import supply_costs
from planner.solver.highs import SolverOptions, solve_program
from planner.solver.program import data_for

VERIFY_GAP = 0.01
"""Gap of the plan that shows what a relaxation costs."""
CENT = 0.01
MOST_KINDS = 8


@dataclass(frozen=True)
class Change:
    """A change of the config that may make a plan possible; not yet verified."""

    keys: tuple[str, ...]
    sentence: str
    share: float
    """How far it gives way, in shares of what the config says."""
    least: bool
    """Whether anything less was shown not to be enough."""
    apply: Callable[[OptionSource], OptionSource]
    witness: Allocation | None = None
    """A plan for the changed config, where the search for the change found one."""


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


def _solver(source: OptionSource, trial: Trial, gap: float) -> SolverOptions:
    settings = source.study.study.solver
    trial.count()
    return SolverOptions(gap, trial.solve_s, settings.threads, settings.seed)


def more_supply(source: OptionSource, trial: Trial, limit: Limit) -> Change | None:
    """The fewest accelerators of a supply with which a plan exists."""
    supply = source.study.supply(limit.subject)
    if source.study.study.question.minimise is None:
        return _bisected(source, trial, limit, supply.unit)
    model, data = _program(limit.drop(source))
    relax(model, data, Elastic({supply.name: int(limit.value)}))
    result = solve_program(model, _solver(source, trial, 0.0))
    if not result.has_solution:
        return None
    needed = round(pyo.value(model.Units[supply.name])) * supply.unit
    more = needed - int(limit.value)
    if more <= 0:
        return None
    sentence = _sentence(limit, needed)
    share = more / max(limit.value, 1.0)
    return Change((limit.key,), sentence, share, result.termination == "optimal",
                  partial(with_supply, name=supply.name, limit=needed), read_allocation(model, data))  # fmt: skip


def more_power(source: OptionSource, trial: Trial, limit: Limit) -> Change | None:
    """The least power with which a plan exists."""
    if source.study.study.question.minimise is None:
        return _bisected(source, trial, limit)
    model, data = _program(limit.drop(source))
    relax(model, data, Elastic(power_kw=limit.value))
    result = solve_program(model, _solver(source, trial, VERIFY_GAP / 10))
    if not result.has_solution:
        return None
    needed = _ceiling(drawn_kw(model, data))
    sentence = _sentence(limit, needed)
    least = result.termination in ("optimal", "gap_reached")
    return Change((limit.key,), sentence, needed / limit.value - 1, least,
                  partial(with_config, power_limit_kw=needed), read_allocation(model, data))  # fmt: skip


def more_money(source: OptionSource, trial: Trial, limit: Limit) -> Change | None:
    """The least budget with which a plan exists."""
    if source.study.study.question.minimise is None:
        return _bisected(source, trial, limit)
    model, data = _program(limit.drop(source))
    relax(model, data, Elastic(budget_usd_per_hour=limit.value))
    result = solve_program(model, _solver(source, trial, VERIFY_GAP / 10))
    if not result.has_solution:
        return None
    needed = _ceiling(spent_usd_per_hour(model, data))
    sentence = _sentence(limit, needed)
    least = result.termination in ("optimal", "gap_reached")
    return Change((limit.key,), sentence, needed / limit.value - 1, least,
                  partial(with_budget, usd_per_hour=needed), read_allocation(model, data))  # fmt: skip


def _bisected(source: OptionSource, trial: Trial, limit: Limit, step: int | None = None) -> Change | None:
    """The least value of a limit with which a question that maximises has a plan; in whole `step`s where given."""
    if trial.over or trial.feasible(limit.drop(source)) is not True:
        return None

    def at(value: float) -> Callable[[OptionSource], OptionSource]:
        if step is not None:
            return partial(with_supply, name=limit.subject, limit=math.ceil(value / step) * step)
        if limit.family == "power":
            return partial(with_config, power_limit_kw=value)
        return partial(with_budget, usd_per_hour=value)

    start = max(limit.value, float(step or 0.0))
    if start > limit.value and trial.feasible(at(start)(source)):
        needed = start  # a limit below one unit, and one unit is enough
    else:
        found = least_stretch(start, lambda value: trial.feasible(at(value)(source)))
        if found is None:
            return None
        needed = found[1] if step is None else math.ceil(found[1] / step) * step
    sentence = _sentence(limit, needed)
    share = needed / max(limit.value, 1.0) - 1
    return Change((limit.key,), sentence, share, not trial.over, at(needed))


def _sentence(limit: Limit, needed: float) -> str:
    """How much of a supply, of power or of money is needed instead of what the limit says."""
    if limit.family == "supply":
        more = round(needed - limit.value)
        return f"{more:,} more {limit.subject} ({round(needed):,} instead of {round(limit.value):,})"
    if limit.family == "power":
        return f"{needed:,.10g} kW instead of {limit.value:,.10g} kW"
    return f"a budget of {needed:,.10g} $/h instead of {limit.value:,.10g} $/h"


def less_demand(source: OptionSource, trial: Trial, limit: Limit) -> Change | None:
    """The largest share of one workload's demand that can be served beside all others in full."""
    served = _servable(source, trial, (limit.subject,))
    if served is None:
        return None
    share, least, plan = served
    value = limit.value * share
    sentence = f"{1 - share:.1%} less demand of {limit.subject} ({value:,.6g} instead of {limit.value:,.6g} {limit.unit})"
    return Change((limit.key,), sentence, 1 - share, least, partial(_scale, share, (limit.subject,)), plan)


def less_of_everything(source: OptionSource, trial: Trial) -> Change | None:
    """The largest share of all demands that can be served together."""
    names = tuple(workload.name for workload in source.study.workloads if workload.demand > 0)
    served = _servable(source, trial, names)
    if served is None:
        return None
    share, least, plan = served
    keys = tuple(f"workloads[{i}]" for i in range(len(source.study.workloads)))
    return Change(keys, f"{1 - share:.1%} less demand of every workload", 1 - share, least,
                  partial(_scale, share, names), plan)  # fmt: skip


def _scale(share: float, names: tuple[str, ...], source: OptionSource) -> OptionSource:
    return with_demand(source, share, *names)


def _servable(
    source: OptionSource, trial: Trial, names: tuple[str, ...]
) -> tuple[float, bool, Allocation] | None:
    """Share of the named demands that can be served, to 0.1 %, whether more was shown not to be, and a plan for it."""
    if source.study.study.question.minimise is None:
        return None
    budget = source.study.study.question.budget_usd_per_hour
    data = data_for(source.study, source.options().options, budget_usd_per_hour=budget, scaled=names)
    if any(not data.offers_for(workload.name) for workload in source.study.workloads):
        return None
    model = build_program(data, "throughput")
    model.Throughput.setub(1.0)
    result = solve_program(model, _solver(source, trial, VERIFY_GAP / 10))
    if result.objective is None:
        return None
    share = math.floor(result.objective * 1e3 + 1e-6) / 1e3
    least = result.termination in ("optimal", "gap_reached")
    return (share, least, read_allocation(model, data)) if 0 < share < 1 else None


def slower(source: OptionSource, trial: Trial, limit: Limit) -> Change | None:
    """The shortest TPOT at which a plan exists, options enumerated again at every step."""
    start = 1e3 / limit.value
    if trial.over or trial.feasible(limit.drop(source)) is not True:
        return None

    def passes(tpot_ms: float) -> bool | None:
        return trial.feasible(with_tpot(source, limit.subject, tpot_ms))

    found = least_stretch(start, passes)
    if found is None:
        return None
    _, needed = found
    pace = 1e3 / needed
    sentence = (
        f"TPOT of {limit.subject} {needed:.4g} ms instead of {start:.4g} ms "
        f"({rounded_down(pace):.4g} instead of {limit.value:.4g} tokens/s per user)"
    )
    return Change((limit.key,), sentence, needed / start - 1, not trial.over,
                  partial(with_tpot, name=limit.subject, milliseconds=needed))  # fmt: skip


def later(source: OptionSource, trial: Trial, limit: Limit) -> Change | None:
    """The shortest time to the first token at which a plan exists."""
    if trial.over or trial.feasible(limit.drop(source)) is not True:
        return None

    def passes(ttft_ms: float) -> bool | None:
        return trial.feasible(with_ttft(source, limit.subject, ttft_ms))

    found = least_stretch(limit.value, passes)
    if found is None:
        return None
    _, needed = found
    sentence = f"first token of {limit.subject} within {needed:.4g} ms instead of {limit.value:.4g} ms"
    return Change((limit.key,), sentence, needed / limit.value - 1, not trial.over,
                  partial(with_ttft, name=limit.subject, milliseconds=needed))  # fmt: skip


def more_kinds(source: OptionSource, trial: Trial, limit: Limit) -> Change | None:
    """The fewest kinds with which a plan exists."""
    for kinds in range(int(limit.value) + 1, MOST_KINDS + 1):
        if trial.over:
            return None
        if trial.feasible(with_workload(source, limit.subject, max_kinds=kinds)):
            sentence = f"{kinds} kinds for {limit.subject} instead of {limit.value:.0f}"
            return Change((limit.key,), sentence, kinds / limit.value - 1, True,
                          partial(with_workload, name=limit.subject, max_kinds=kinds))  # fmt: skip
    return None


def no_spares(source: OptionSource, trial: Trial, limit: Limit) -> Change | None:
    """No spare instances, where that alone is enough."""
    if trial.over or trial.feasible(limit.drop(source)) is not True:
        return None
    return Change((limit.key,), "no spare instances", 1.0, False, limit.drop)


def _program(source: OptionSource) -> tuple[pyo.ConcreteModel, ProgramData]:
    budget = source.study.study.question.budget_usd_per_hour
    data = data_for(source.study, source.options().options, budget_usd_per_hour=budget)
    return build_program(data), data


def _ceiling(value: float) -> float:
    return math.ceil(value / CENT - 1e-6) * CENT
