"""Sensitivity: what a little more of anything costs, and how much more the bought fleet could serve.

Three kinds of figures, kept apart because they answer different questions:

  marginal    from the linear relaxation, where fractions of instances can be bought: prices of large fleets;
  headroom    the most extra demand that the bought accelerators serve, re-arranged at will;
  steps       the plan solved again with a demand or a TPOT changed: what whole instances really cost.

The duals of the plan itself, with its integers fixed, are zero or meaningless and are not shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from formulations.program.build import build_program
from formulations.program.data import ProgramData
from planner.allocation import Allocation
from planner.config.resolved import ResolvedStudy
from planner.explain.trial import Trial, optimum
from planner.explain.variants import (
    supply_key,
    tpot_ms,
    ttft_ms,
    with_budget,
    with_config,
    with_demand,
    with_supplies,
    with_supply,
    with_time,
    with_tpot,
    with_ttft,
)
from planner.options.build import OptionSource
from planner.problem.answer import Answer
from planner.problem.highs import SolverOptions, solve_relaxation
from planner.problem.optimise import Goal, optimise

DEMAND_STEPS = (0.01, 0.1)
"""Shares of demand by which the next step is priced."""
TPOT_STEP_MS = 1.0
TTFT_STEP = 0.1
PRICE_STEP = 0.1
HEADROOM_GAP = 1e-3
THOUSAND = 1000.0
RELAXED = "linear relaxation"


@dataclass(frozen=True)
class Marginal:
    """What one unit more is worth in the linear relaxation, $ per hour."""

    of: str
    """Workload or limit."""
    key: str
    per: str
    usd_per_hour: float
    """Positive: it costs that much; negative: it saves that much."""
    source: str = RELAXED


@dataclass(frozen=True)
class Headroom:
    """The most extra demand that the bought accelerators serve."""

    workload: str
    """A workload, or `all` for every demand scaled together."""
    share: float
    """Of the demand (margin included); proven within `HEADROOM_GAP`."""
    tokens_per_s: float


@dataclass(frozen=True)
class Step:
    """The least cost with one thing changed, by solving again (before any cost given up for a simpler plan)."""

    change: str
    usd_per_hour: float | None
    """Of the whole fleet; None where no plan was found."""
    extra_usd_per_hour: float | None
    at_least: float | None
    """Proven: the optimum rises (or falls) by no less than this and no more than `at_most`."""
    at_most: float | None


@dataclass(frozen=True)
class Sensitivity:
    """All that a little more would cost."""

    marginal: tuple[Marginal, ...] = ()
    headroom: tuple[Headroom, ...] = ()
    demand: tuple[Step, ...] = ()
    tpot: tuple[Step, ...] = ()
    ttft: tuple[Step, ...] = ()
    prices: tuple[Step, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """As JSON shows it."""
        return {
            "marginal": [vars(entry) for entry in self.marginal],
            "headroom": [vars(entry) for entry in self.headroom],
            "demand_steps": [vars(entry) for entry in self.demand],
            "tpot_steps": [vars(entry) for entry in self.tpot],
            "ttft_steps": [vars(entry) for entry in self.ttft],
            "price_steps": [vars(entry) for entry in self.prices],
            "notes": list(self.notes),
        }


def sensitivity(source: OptionSource, answer: Answer, seconds: float) -> Sensitivity:
    """All sensitivities of an answered cost question within about that many seconds; what did not fit is noted.

    With no seconds at all, the marginal prices alone: one linear program.
    """
    if source.study.config.question.minimise != "cost" or answer.allocation is None:
        return Sensitivity(notes=("sensitivities are given for questions that minimise cost",))
    prices = marginals(source.study, answer.data)
    if seconds <= 0:
        return Sensitivity(prices)
    trial = Trial(seconds)
    return Sensitivity(
        prices,
        _headrooms(source, answer.allocation, trial),
        _demand_steps(source, answer, trial),
        _tpot_steps(source, answer, trial),
        _ttft_steps(source, answer, trial),
        _price_steps(source, answer, trial),
        ("the time ran out before everything was solved again; raise solver.time_limit_s",)
        if trial.over
        else (),
    )


def marginals(study: ResolvedStudy, data: ProgramData) -> tuple[Marginal, ...]:
    """$ per hour for 1,000 tokens/s more of each workload, one accelerator more of each limit, one kW more of power.

    Duals of the relaxation in the program's units, scaled back through lots and money unit. Rows that only tighten the
    integer program (an instance for every share served) are left out: they would hide the price of the next token.
    """
    model = build_program(data)
    model.Limit_Share.deactivate()
    settings = study.config.solver
    relaxed = solve_relaxation(
        model, SolverOptions(0.0, settings.time_limit_s, settings.threads, settings.seed)
    )
    if relaxed.objective is None:
        return ()
    found = []
    for position, workload in enumerate(study.workloads):
        dual = relaxed.duals.get(f"Balance_Demand[{workload.name}]", 0.0)
        worth = dual * data.money_unit / data.lot[workload.name] * THOUSAND
        found.append(
            Marginal(workload.name, f"workloads[{position}].demand_tokens_per_s", "1,000 tokens/s", worth)
        )
    for supply in study.supplies:
        if supply.limit is not None:
            worth = relaxed.reduced_costs.get(f"Units[{supply.name}]", 0.0) * data.money_unit / supply.unit
            key = f"{supply_key(study, supply.name)}.limit"
            found.append(Marginal(supply.name, key, "accelerator", min(worth, 0.0)))
    if data.power_limit_kw is not None:
        worth = relaxed.duals.get("Limit_Power", 0.0) * data.money_unit / data.power_limit_kw
        found.append(Marginal("power", "power_limit_kw", "kW", min(worth, 0.0)))
    return tuple(found)


def bought(source: OptionSource, allocation: Allocation) -> OptionSource:
    """The study with the bought accelerators as its fleet: no more can be had, and budget and power are settled."""
    supplies = {
        supply.name: replace(supply, limit=allocation.units[supply.name] * supply.unit)
        for supply in source.study.supplies
    }
    return with_budget(with_config(with_supplies(source, supplies), power_limit_kw=None), None)


def _headrooms(source: OptionSource, allocation: Allocation, trial: Trial) -> tuple[Headroom, ...]:
    fleet = bought(source, allocation)
    demands = {workload.name: workload.demand for workload in source.study.workloads if workload.demand > 0}
    asked = [("all", tuple(demands)), *((name, (name,)) for name in demands)] if len(demands) > 1 else [
        (name, (name,)) for name in demands
    ]  # fmt: skip
    found = []
    for label, names in asked:
        if trial.over:
            break
        trial.count()
        goal = Goal("throughput", "maximise", "multiples of demand", scaled=names)
        answer = optimise(with_time(fleet, trial.solve_s, HEADROOM_GAP), goal)
        if answer.objective is None:
            continue
        extra = max(0.0, answer.objective - 1.0)
        found.append(Headroom(label, extra, extra * sum(demands[name] for name in names)))
    return tuple(found)


def _demand_steps(source: OptionSource, answer: Answer, trial: Trial) -> tuple[Step, ...]:
    steps = [
        (f"{share:+.0%} demand of every workload", with_demand(source, 1 + share)) for share in DEMAND_STEPS
    ]
    return tuple(_step(change, variant, answer, trial) for change, variant in steps if not trial.over)


def _tpot_steps(source: OptionSource, answer: Answer, trial: Trial) -> tuple[Step, ...]:
    found = []
    for workload in source.study.workloads:
        if workload.pace <= 0:
            continue
        tpot = tpot_ms(workload)
        for step in (-TPOT_STEP_MS, TPOT_STEP_MS):
            if trial.over or tpot + step <= 0:
                continue
            variant = with_tpot(source, workload.name, tpot + step)
            change = f"TPOT of {workload.name} {tpot + step:.4g} ms instead of {tpot:.4g} ms"
            found.append(_step(change, variant, answer, trial))
    return tuple(found)


def _ttft_steps(source: OptionSource, answer: Answer, trial: Trial) -> tuple[Step, ...]:
    """Every limit on the first token, shorter and longer by `TTFT_STEP`."""
    found = []
    for workload in source.study.workloads:
        longest = ttft_ms(workload)
        for share in (-TTFT_STEP, TTFT_STEP):
            if longest is not None and not trial.over:
                changed = longest * (1 + share)
                variant = with_ttft(source, workload.name, changed)
                change = f"first token of {workload.name} within {changed:.4g} ms instead of {longest:.4g} ms"
                found.append(_step(change, variant, answer, trial))
    return tuple(found)


def _price_steps(source: OptionSource, answer: Answer, trial: Trial) -> tuple[Step, ...]:
    """Every supply that the plan buys, cheaper and dearer by `PRICE_STEP`; the plan may change with the price."""
    assert answer.allocation is not None
    found = []
    for supply in source.study.supplies:
        if not answer.allocation.units[supply.name] or supply.usd_per_hour <= 0:
            continue
        for share in (-PRICE_STEP, PRICE_STEP):
            if not trial.over:
                price = supply.usd_per_hour * (1 + share)
                change = f"{supply.name} at {price:.4g} $/h instead of {supply.usd_per_hour:.4g} $/h"
                variant = with_supply(source, supply.name, usd_per_hour=price)
                found.append(_step(change, variant, answer, trial))
    return tuple(found)


def _step(change: str, variant: OptionSource, before: Answer, trial: Trial) -> Step:
    after = trial.answer(variant)
    cost, was = optimum(after), optimum(before)
    if cost is None or was is None:
        return Step(change, None, None, None, None)
    least = None if after.bound is None else after.bound - was
    most = None if before.bound is None else cost - before.bound
    return Step(change, cost, cost - was, least, most)
