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

from planner.allocation import Allocation
from planner.config.resolved import ResolvedStudy
from planner.config.variants import tpot_ms, ttft_ms, with_supplies, with_tpot, with_ttft
from planner.explain.trial import Trial
from planner.limits.capped import CappedLimit
from planner.objectives import COST, THROUGHPUT
from planner.operation.costs import served
from planner.problem.answer import Answer
from planner.problem.effort import effort
from planner.problem.goal import Goal
from planner.problem.problem import Problem
from planner.problem.program import Adaptation, relax
from planner.problem.solve import solve
from planner.questions.ask import question_of

DEMAND_STEPS = (0.01, 0.1)
"""Shares of demand by which the next step is priced."""
TPOT_STEP_MS = 1.0
TTFT_STEP = 0.1
PRICE_STEP = 0.1
HEADROOM_GAP = 1e-3
RELAXED = "linear relaxation"

COST_ALONE = "sensitivities are given for questions that minimise cost"
NO_PRICES = "no marginal prices: the time limit ended before the linear relaxation was solved"


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


def prices_alone(problem: Problem, answer: Answer, seconds: float) -> Sensitivity:
    """The marginal prices of an answered cost question, from one linear program, within about that many seconds."""
    if not _asks_cost(problem, answer):
        return Sensitivity(notes=(COST_ALONE,))
    prices = marginals(problem, answer, seconds)
    return Sensitivity(notes=(NO_PRICES,)) if prices is None else Sensitivity(prices)


def _asks_cost(problem: Problem, answer: Answer) -> bool:
    question = question_of(problem)
    return question.demands_all and question.goal.objective is COST and answer.allocation is not None


def sensitivity(problem: Problem, answer: Answer, seconds: float) -> Sensitivity:
    """All sensitivities of an answered cost question within about that many seconds; what did not fit is noted."""
    if not _asks_cost(problem, answer):
        return Sensitivity(notes=(COST_ALONE,))
    trial = Trial(seconds)
    prices = marginals(problem, answer, seconds) or ()
    assert answer.allocation is not None
    return Sensitivity(
        prices,
        _headrooms(problem, answer.allocation, trial),
        _demand_steps(problem, answer, trial),
        _tpot_steps(problem, answer, trial),
        _ttft_steps(problem, answer, trial),
        _price_steps(problem, answer, trial),
        ("the time ran out before everything was solved again; raise solver.time_limit_s",)
        if trial.over
        else (),
    )


def marginals(problem: Problem, answer: Answer, seconds: float) -> tuple[Marginal, ...] | None:
    """$ per hour for one more of what every limit allows, as the limit says what its dual means; None where the
    relaxation was not solved within the time.

    Duals of the relaxation in the program's units, scaled back. Rows that only tighten the integer program (an instance
    for every share served) are left out: they would hide the price of the next token.
    """
    data = answer.data
    asked = Adaptation(COST.name, without_tightening=True)
    relaxed = relax(data, effort(problem.study, gap=0.0, seconds=seconds), asked)
    if relaxed.objective is None:
        return None
    worth = relaxed.duals | relaxed.reduced_costs
    found = []
    order = list(dict.fromkeys(limit.family for limit in reversed(problem.limits)))
    for limit in sorted(problem.limits, key=lambda limit: order.index(limit.family)):
        dual = limit.dual(data.lot.get(limit.subject, 1.0))
        if dual is not None:
            value = worth.get((dual.component, dual.index), 0.0) * data.scale(COST.name) * dual.factor
            cost = min(value, 0.0) if dual.only_saves else value
            found.append(Marginal(dual.index, dual.key, dual.per, cost))
    return tuple(found)


def bought(study: ResolvedStudy, allocation: Allocation) -> ResolvedStudy:
    """The study with the bought accelerators as its fleet: no more can be had, and what else is capped is settled."""
    for limit in Problem(study).limits:
        if isinstance(limit, CappedLimit):
            study = limit.dropped(study)
    return with_supplies(study, lambda s: replace(s, limit=allocation.units[s.name] * s.unit))


def _headrooms(problem: Problem, allocation: Allocation, trial: Trial) -> tuple[Headroom, ...]:
    fleet = problem.with_study(bought(problem.study, allocation))
    demands = {workload.name: workload.demand for workload in problem.study.workloads if workload.demand > 0}
    asked = [("all", tuple(demands)), *((name, (name,)) for name in demands)] if len(demands) > 1 else [
        (name, (name,)) for name in demands
    ]  # fmt: skip
    found = []
    for label, names in asked:
        if trial.over:
            break
        trial.count()
        timed = fleet.with_solver(seconds=trial.solve_s, gap=HEADROOM_GAP)
        answer = solve(timed, Goal(THROUGHPUT, names))
        if answer.allocation is None:
            continue
        demand = sum(demands[name] for name in names)
        most = sum(served(answer.allocation.deployments, name) for name in names)
        extra = max(0.0, most / demand - 1.0)
        found.append(Headroom(label, extra, extra * demand))
    return tuple(found)


def _demand_steps(problem: Problem, answer: Answer, trial: Trial) -> tuple[Step, ...]:
    steps = [
        (f"{share:+.0%} demand of every workload", problem.with_demand(1 + share)) for share in DEMAND_STEPS
    ]
    return tuple(_step(change, variant, answer, trial) for change, variant in steps if not trial.over)


def _tpot_steps(problem: Problem, answer: Answer, trial: Trial) -> tuple[Step, ...]:
    found = []
    for workload in problem.study.workloads:
        if workload.pace <= 0:
            continue
        tpot = tpot_ms(workload)
        for step in (-TPOT_STEP_MS, TPOT_STEP_MS):
            if trial.over or tpot + step <= 0:
                continue
            variant = problem.changed(with_tpot, workload.name, tpot + step)
            change = f"TPOT of {workload.name} {tpot + step:.4g} ms instead of {tpot:.4g} ms"
            found.append(_step(change, variant, answer, trial))
    return tuple(found)


def _ttft_steps(problem: Problem, answer: Answer, trial: Trial) -> tuple[Step, ...]:
    """Every limit on the first token, shorter and longer by `TTFT_STEP`."""
    found = []
    for workload in problem.study.workloads:
        longest = ttft_ms(workload)
        for share in (-TTFT_STEP, TTFT_STEP):
            if longest is not None and not trial.over:
                changed = longest * (1 + share)
                variant = problem.changed(with_ttft, workload.name, changed)
                change = f"first token of {workload.name} within {changed:.4g} ms instead of {longest:.4g} ms"
                found.append(_step(change, variant, answer, trial))
    return tuple(found)


def _price_steps(problem: Problem, answer: Answer, trial: Trial) -> tuple[Step, ...]:
    """Every supply that the plan buys, cheaper and dearer by `PRICE_STEP`; the plan may change with the price."""
    assert answer.allocation is not None
    found = []
    for supply in problem.study.supplies:
        if not answer.allocation.units[supply.name] or supply.usd_per_hour <= 0:
            continue
        for share in (-PRICE_STEP, PRICE_STEP):
            if not trial.over:
                price = supply.usd_per_hour * (1 + share)
                change = f"{supply.name} at {price:.4g} $/h instead of {supply.usd_per_hour:.4g} $/h"
                variant = problem.with_price(supply.name, price)
                found.append(_step(change, variant, answer, trial))
    return tuple(found)


def _step(change: str, variant: Problem, before: Answer, trial: Trial) -> Step:
    after = trial.answer(variant)
    cost, was = after.optimum, before.optimum
    if cost is None or was is None:
        return Step(change, None, None, None, None)
    least = None if after.bound is None else after.bound - was
    most = None if before.bound is None else cost - before.bound
    return Step(change, cost, cost - was, least, most)
