"""By model: a cost question cut into one question per model, held together by the prices of scarce accelerators.

Models share nothing but the limits of supplies. For any price π of an accelerator at or above its cheapest supply's, each
model's least cost at that price, minus what the limited supplies would earn at it, is a bound on the whole fleet's cost:

    cost ≥ Σ_models cost(model at π) − Σ_supplies limit·max(0, π − price)            (Lagrange; ours: all sites at once)

π comes from the linear relaxation, whose bound it can only improve. The plan is the best of the kinds that the models
choose at these prices, in the real supplies. Where no limit binds, the models' plans together are that plan, proven.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from planner.allocation import Allocation, steady
from planner.clock import Clock
from planner.config.resolved import ResolvedStudy, ResolvedSupply
from planner.objectives import COST
from planner.operation.costs import total
from planner.options.option_set import OptionSet
from planner.problem.answer import Answer
from planner.problem.data import data_for
from planner.problem.decomposition.in_turn import Usage
from planner.problem.decomposition.markets import best_plan, cleared, markets
from planner.problem.goal import Goal
from planner.problem.jointly import solve_jointly
from planner.problem.problem import Problem
from planner.problem.termination import reached

_NOT_TOO_MANY = 2000
"""Options up to which one program for all models is worth the time that is left."""
_FOR_PLAN = 0.25
"""Share of the time that is kept for the plan in the real supplies."""


@dataclass(frozen=True)
class Cut:
    """How a question may be cut."""

    models: tuple[str, ...]
    sites_together: bool
    """Whether the sites of an accelerator may be taken for one market."""


def cut(problem: Problem, goal: Goal) -> Cut | None:
    """How a question may be cut by model; None where something ties models together, or there is nothing to cut.

    What a limit does not declare free of coupling keeps the models together (`planner.limits.coupling`).
    """
    models = tuple(dict.fromkeys(workload.model for workload in problem.study.workloads))
    if not problem.decomposition or not goal.objective.priced or goal.scaled or len(models) < 2:
        return None
    if "models" in problem.ties or "periods" in problem.ties:
        return None
    return Cut(models, "sites" not in problem.ties)


def solve_by_model(problem: Problem, goal: Goal, how: Cut) -> Answer | None:
    """Answer a question model by model; None where it finds no plan within the limits although there is time.

    Where the time is up first, the answer holds no plan, and the bound if it is known by then.
    """
    study = problem.study
    clock = Clock(study.config.solver.time_limit_s)
    trade = markets(study, how.sites_together)
    with clock.stage("options"):
        parts = [problem.of_model(name) for name in how.models]
        found = [
            part.options(seconds=clock.left() / (len(parts) - place)) for place, part in enumerate(parts)
        ]
        options = _merged(problem, found)
    if not options.complete:
        data = data_for(study, problem.limits, options.options)
        return Answer(study, goal, "time_limit", None, None, None, None, options, data, clock.spent)
    parts.sort(key=lambda part: len(part.options().options))  # the quick ones leave their time to the others
    prices, used, usage = [market.supply.usd_per_hour for market in trade], set[str](), Usage()
    if not clock.expired:
        with clock.stage("relaxation"):
            prices, used, usage = cleared(problem, options.options, trade, clock.left(_FOR_PLAN))
    supplies = tuple(market.at(price) for market, price in zip(trade, prices, strict=True))
    answers = _answers(parts, supplies, goal, clock)
    if answers and answers[-1].termination == "infeasible":
        return replace(answers[-1], study=study, options=options, data=data_for(study, problem.limits, ()))
    earned = sum(market.earned(paid.usd_per_hour) for market, paid in zip(trade, supplies, strict=True))
    complete = len(answers) == len(parts)
    bound = _sum([answer.bound for answer in answers], earned) if complete else None
    plan_bound = _sum([answer.plan_bound for answer in answers], earned) if complete else None
    options = _merged(problem, [*(answer.options for answer in answers), options], options.raw_count)
    used |= {d.option.id for answer in answers if answer.allocation for d in answer.allocation.deployments}
    allocation = _side_by_side(answers, study) if complete and earned == 0.0 else None
    if allocation is None and not clock.expired:
        priced = list(zip(trade, supplies, strict=True))
        allocation = best_plan(problem, options.options, used, usage, priced, bound, clock)
    if allocation is None and not clock.expired:
        return None
    objective = None if allocation is None else total(study, allocation, COST)
    stopped = reached(objective, bound, study.config.solver.gap)
    data = data_for(study, problem.limits, options.options)
    answer = Answer(
        study, goal, stopped, allocation, objective, bound, plan_bound, options, data, clock.spent
    )
    if stopped != "time_limit" or clock.expired or len(options.options) > _NOT_TOO_MANY:
        return answer
    return better_of(answer, solve_jointly(problem.with_solver(seconds=clock.left()), goal), clock)


def better_of(apart: Answer, jointly: Answer, clock: Clock) -> Answer:
    """The better plan of two answers to one question with the better of their bounds."""
    clock.add(jointly.timings)
    goal = apart.goal
    bound = goal.tighter(apart.bound, jointly.bound)
    better = jointly if goal.better(jointly.objective, apart.objective) else apart
    stopped = reached(better.objective, bound, apart.study.config.solver.gap)
    return replace(better, study=apart.study, termination=stopped, bound=bound, timings=clock.spent)


def _answers(
    parts: list[Problem], supplies: tuple[ResolvedSupply, ...], goal: Goal, clock: Clock
) -> list[Answer]:
    """The models' answers at these prices, each with its share of the time left; ends at an infeasible one."""
    answers: list[Answer] = []
    for number, part in enumerate(parts):
        if clock.expired:
            break
        sizes = [1 + len(p.options().options) for p in parts[number:]]  # a model may have none
        share = clock.left(_FOR_PLAN) * sizes[0] / sum(sizes)
        priced = part.with_study(replace(part.study, supplies=supplies)).with_solver(seconds=share)
        answers.append(solve_jointly(priced, goal))
        clock.add(answers[-1].timings)
        if answers[-1].termination == "infeasible":
            break
    return answers


def _sum(values: list[float | None], earned: float) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) - earned if len(known) == len(values) else None


def _merged(problem: Problem, sets: list[OptionSet], raw: int | None = None) -> OptionSet:
    """All options of several sets, each once; `raw` of them before screening, the sum where it is not known better."""
    options = {option.id: option for found in sets for option in found.options}
    performances = {kind: place for found in sets for kind, place in found.performances.items()}
    measured = {kind: rows for found in sets for kind, rows in found.measured.items()}
    return OptionSet(
        tuple(options.values()),
        performances,
        sum(found.raw_count for found in sets) if raw is None else raw,
        all(found.exact for found in sets),
        measured,
        all(found.complete for found in sets),
        lambda: problem.source.rejections,
    )


def _side_by_side(answers: list[Answer], study: ResolvedStudy) -> Allocation | None:
    """The models' plans together, where they were made at list prices and the limits allow it."""
    plans = [answer.allocation for answer in answers]
    units = {supply.name: 0 for supply in study.supplies}
    for plan in plans:
        if plan is None:
            return None
        for name, bought in plan.units.items():
            units[name] += bought
    for supply in study.supplies:
        if supply.limit is not None and units[supply.name] > supply.limit // supply.unit:
            return None
    return steady(tuple(d for plan in plans if plan for d in plan.deployments), units)
