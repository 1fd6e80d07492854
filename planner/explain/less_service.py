"""The least that must be given up of a service for a plan to exist: demand, pace, first token, kinds, spares.

Demand from the throughput program, pace and first token by bisection with the options enumerated again, kinds by
counting up.
"""

from __future__ import annotations

import math
from functools import partial

from formulations.program.build import build_program
from planner.allocation import Allocation
from planner.explain.bisect import least_stretch, rounded_down
from planner.explain.change import VERIFY_GAP, Change, solver
from planner.explain.limits import Limit
from planner.explain.trial import Trial
from planner.explain.variants import (
    with_demand,
    with_tpot,
    with_ttft,
    with_workload,
)
from planner.options.build import OptionSource
from planner.problem.data import data_for
from planner.problem.highs import solve_program
from planner.problem.read import read_allocation

MOST_KINDS = 8
"""More kinds per workload than this are no longer counted up to."""


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
    if source.study.config.question.minimise is None:
        return None
    budget = source.study.config.question.budget_usd_per_hour
    data = data_for(source.study, source.options().options, budget_usd_per_hour=budget, scaled=names)
    if any(not data.offers_for(workload.name) for workload in source.study.workloads):
        return None
    model = build_program(data, "throughput")
    model.Throughput.setub(1.0)
    result = solve_program(model, solver(source, trial, VERIFY_GAP / 10))
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
