"""The least supply, power or budget with which a plan exists: from the elastic program, or by bisection."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import pyomo.environ as pyo

from formulations.program.data import ProgramData
from formulations.program.elastic import Elastic, drawn_kw, relax, spent_usd_per_hour
from planner.explain.bisect import least_stretch
from planner.explain.change import VERIFY_GAP, Change, ceiling, program, solver
from planner.explain.limits import Limit
from planner.explain.trial import Trial
from planner.explain.variants import (
    with_budget,
    with_config,
    with_supply,
)
from planner.options.build import OptionSource
from planner.problem.highs import solve_program
from planner.problem.read import read_allocation


def more_supply(source: OptionSource, trial: Trial, limit: Limit) -> Change | None:
    """The fewest accelerators of a supply with which a plan exists."""
    supply = source.study.supply(limit.subject)
    if source.study.config.question.minimise is None:
        return _bisected(source, trial, limit, supply.unit)
    model, data = program(limit.drop(source))
    relax(model, data, Elastic({supply.name: int(limit.value)}))
    result = solve_program(model, solver(source, trial, 0.0))
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
    elastic = Elastic(power_kw=limit.value)
    return _stretched(
        source, trial, limit, elastic, drawn_kw, lambda kw: partial(with_config, power_limit_kw=kw)
    )


def more_money(source: OptionSource, trial: Trial, limit: Limit) -> Change | None:
    """The least budget with which a plan exists."""
    elastic = Elastic(budget_usd_per_hour=limit.value)
    return _stretched(
        source, trial, limit, elastic, spent_usd_per_hour, lambda usd: partial(with_budget, usd_per_hour=usd)
    )


def _stretched(
    source: OptionSource,
    trial: Trial,
    limit: Limit,
    elastic: Elastic,
    taken: Callable[[pyo.ConcreteModel, ProgramData], float],
    applied: Callable[[float], Callable[[OptionSource], OptionSource]],
) -> Change | None:
    """The least value of a limit on the whole fleet, of which the solved elastic program says how much is `taken`."""
    if source.study.config.question.minimise is None:
        return _bisected(source, trial, limit)
    model, data = program(limit.drop(source))
    relax(model, data, elastic)
    result = solve_program(model, solver(source, trial, VERIFY_GAP / 10))
    if not result.has_solution:
        return None
    needed = ceiling(taken(model, data))
    sentence = _sentence(limit, needed)
    least = result.termination in ("optimal", "gap_reached")
    return Change(
        (limit.key,), sentence, needed / limit.value - 1, least, applied(needed), read_allocation(model, data)
    )


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
