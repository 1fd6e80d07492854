"""Jointly: the least changes of several limits at once, where no single one is enough."""

from __future__ import annotations

from functools import partial, reduce

import pyomo.environ as pyo

from formulations.program.build import build_program
from formulations.program.elastic import BUDGET, POWER, Elastic, relax
from planner.explain.bisect import least_stretch, rounded_up
from planner.explain.change import VERIFY_GAP, Change
from planner.explain.limits import Limit, limits_of
from planner.explain.trial import Trial
from planner.explain.unserved import Cause, Unserved, served
from planner.explain.variants import (
    tpot_ms,
    ttft_ms,
    with_budget,
    with_config,
    with_demand,
    with_supply,
    with_tpot,
    with_ttft,
)
from planner.options.build import OptionSource
from planner.problem.data import data_for
from planner.problem.highs import SolverOptions, solve_program

Service = tuple[Cause, str]
"""Which of pace and first token, of which workload."""
GIVES = 1e-6
"""Shares below this are rounding, not a change."""


def joint_change(source: OptionSource, trial: Trial, missing: list[Unserved], demand: bool) -> Change | None:
    """Changes that together make a plan possible: service that something can give, then supply, power, budget and, if
    it may and last of all, `demand`, by the smallest sum of shares. None where nothing was found."""
    parts: list[Change] = []
    if missing:
        wanted = _servable(source, missing)
        if wanted is None:
            return None
        parts = _stretched(source, trial, wanted)
    changed = _all(parts, source)
    if not parts or trial.feasible(changed) is not True:
        exceeded = _elastic(changed, trial, demand=False)
        if exceeded is None and demand:
            exceeded = _elastic(changed, trial, demand=True)
        if exceeded is None:
            return None
        parts += exceeded
    keys = tuple(key for part in parts for key in part.keys)
    sentence = " and ".join(part.sentence for part in parts)
    return Change(keys, sentence, sum(part.share for part in parts), False, partial(_all, parts))


def _all(parts: list[Change], source: OptionSource) -> OptionSource:
    return reduce(lambda changed, part: part.apply(changed), parts, source)


def _servable(source: OptionSource, missing: list[Unserved]) -> dict[Service, tuple[float, float]] | None:
    """(asked, mildest that anything serves), ms, of every service that is out of reach; None where service is not why."""
    found: dict[Service, tuple[float, float]] = {}
    for lack in missing:
        workload = source.study.workload(lack.workload)
        if lack.cause == "pace":
            asked = tpot_ms(workload)
        elif lack.cause == "ttft" and (longest := ttft_ms(workload)) is not None:
            asked = longest
        else:
            return None
        service: Service = (lack.cause, lack.workload)

        reached = _least(source, service, asked)
        if reached is None:
            return None
        found[service] = (asked, reached)
    return found


def _least(source: OptionSource, service: Service, asked: float) -> float | None:
    """The mildest TPOT or first-token time [ms] at which anything serves the workload."""

    def passes(milliseconds: float) -> bool:
        return served(_service(source, service, asked, milliseconds).apply(source), service[1])

    stretch = least_stretch(asked, passes)
    return None if stretch is None else stretch[1]


def _stretched(
    source: OptionSource, trial: Trial, wanted: dict[Service, tuple[float, float]]
) -> list[Change]:
    """What can be served at all, and milder by the least common factor with which a plan exists, if there is one."""

    def at(factor: float) -> list[Change]:
        return [
            _service(source, service, asked, rounded_up(reached * factor))
            for service, (asked, reached) in wanted.items()
        ]

    def passes(factor: float) -> bool | None:
        return None if trial.over else trial.feasible(_all(at(factor), source))

    if passes(1.0):
        return at(1.0)
    stretch = least_stretch(1.0, passes)
    return at(1.0 if stretch is None else stretch[1])


def _service(source: OptionSource, service: Service, asked: float, milliseconds: float) -> Change:
    """A workload's TPOT or first token at `milliseconds` instead of what was asked."""
    cause, name = service
    if cause == "pace":
        sentence = f"TPOT of {name} {milliseconds:.4g} ms instead of {asked:.4g} ms"
        change = partial(with_tpot, name=name, milliseconds=milliseconds)
    else:
        sentence = f"first token of {name} within {milliseconds:.4g} ms instead of {asked:.4g} ms"
        change = partial(with_ttft, name=name, milliseconds=milliseconds)
    return Change((_key(source, cause, name),), sentence, milliseconds / asked - 1, True, change)


def _key(source: OptionSource, family: str, name: str) -> str:
    return next(lim.key for lim in limits_of(source) if lim.family == family and lim.subject == name)


def _elastic(source: OptionSource, trial: Trial, demand: bool) -> list[Change] | None:
    """The least sum of shares by which supply, power, budget (and demand) must give way."""
    limits = [limit for limit in limits_of(source) if limit.family in ("supply", "power", "budget")]
    lifted = reduce(lambda changed, limit: limit.drop(changed), limits, source)
    names = tuple(w.name for w in source.study.workloads if w.demand > 0) if demand else ()
    data = data_for(lifted.study, lifted.options().options, scaled=names)
    if any(not data.offers_for(workload.name) for workload in source.study.workloads):
        return None
    model = build_program(data)
    elastic = Elastic(
        {limit.subject: int(limit.value) for limit in limits if limit.family == "supply"},
        next((limit.value for limit in limits if limit.family == "power"), None),
        next((limit.value for limit in limits if limit.family == "budget"), None),
        demand,
    )
    relax(model, data, elastic)
    settings = source.study.config.solver
    trial.count()
    options = SolverOptions(VERIFY_GAP, trial.solve_s, settings.threads, settings.seed)
    if not solve_program(model, options).has_solution:
        return None
    found = [part for limit in limits if (part := _exceeded(source, model, limit)) is not None]
    share = pyo.value(model.Throughput)
    if demand and share < 1 - GIVES:
        keys = tuple(limit.key for limit in limits_of(source) if limit.family == "demand")
        kept = int(share * 1e3) / 1e3
        if kept <= 0:
            return None
        found.append(
            Change(keys, f"{1 - kept:.1%} less demand of every workload", 1 - kept, False,
                   lambda s: with_demand(s, kept, *names))
        )  # fmt: skip
    return found or None


def _exceeded(source: OptionSource, model: pyo.ConcreteModel, limit: Limit) -> Change | None:
    name = {"power": POWER, "budget": BUDGET}.get(limit.family, limit.subject)
    excess = float(pyo.value(model.Excess[name]))
    if excess < GIVES:
        return None
    needed = limit.value + excess * max(limit.value, 1.0)
    if limit.family == "supply":
        whole = round(needed)
        more = whole - int(limit.value)
        return Change((limit.key,), f"{more:,} more {limit.subject} ({whole:,} instead of {int(limit.value):,})",
                      excess, False, partial(with_supply, name=limit.subject, limit=whole))  # fmt: skip
    needed = float(f"{needed * (1 + GIVES):.6g}")
    sentence = f"{needed:,.10g} {limit.unit} instead of {limit.value:,.10g} {limit.unit}"
    change = (
        partial(with_config, power_limit_kw=needed)
        if limit.family == "power"
        else partial(with_budget, usd_per_hour=needed)
    )
    return Change((limit.key,), sentence, excess, False, change)
