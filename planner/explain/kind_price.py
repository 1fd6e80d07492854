"""Kinds that the plan does not use: what forces one in costs, and how much cheaper its instances would have to be.

A kind shares its supply with others, so its own price is a discount on its instances. The least discount with which it
enters is min over plans x with it of (cost(x) − C)/instances(x), C the optimum; found by Dinkelbach's method from the
plan that is forced to have one instance. Screened-out kinds are put back for the question.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from formulations.options import Option
from formulations.program.data import ProgramData
from planner.explain.entry import Entry
from planner.explain.target import Target
from planner.explain.trial import Trial
from planner.objectives import COST
from planner.options.classes import service_classes
from planner.options.enumerate import option_of
from planner.options.pieces import pieces
from planner.problem.answer import Answer
from planner.problem.data import data_for
from planner.problem.effort import effort
from planner.problem.problem import Problem
from planner.problem.program import Adaptation, run

TIGHT = 1e-6
MARGIN = 0.01
MOST_ROUNDS = 12


@dataclass(frozen=True)
class _Found:
    """One plan: its cost without the discount, and how many instances of the kind it has."""

    usd_per_hour: float
    instances: int


def kind_entries(
    problem: Problem, answer: Answer, target: Target, trial: Trial
) -> tuple[tuple[str, ...], tuple[Entry, ...]]:
    """(reasons, entries) for a kind that is not in the plan."""
    options = kind_options(problem, target.name)
    if not options:
        lacks = [str(r) for r in problem.source.rejections if _same(r.what, target.name)]
        return (f"{target.name} can serve no workload", *lacks), ()
    known = problem.options().options
    reasons = [
        f"{better.kind} serves the same workloads with no more GPU time"
        for better in known
        if better.kind != target.name
        and all(any(useless(o, b) for b in known if b.kind == better.kind) for o in options)
    ][:1]
    candidates = [*(o for o in known if o.kind != target.name), *options]
    data = data_for(problem.study, problem.limits, candidates)
    least = _cheapest(data, problem, target.name, trial, forced=True)
    without = answer.optimum
    if least is None or without is None:
        return (*reasons, f"no plan within the limits can have an instance of {target.name}"), ()
    extra = least.usd_per_hour - without
    reasons.append(
        f"the cheapest plan with an instance of it costs {extra:,.4g} $/h more"
        if extra > without * TIGHT
        else "a plan with it costs the same; another was found first"
    )
    entry = _discount(data, problem, target, trial, without, least)
    return tuple(reasons), (entry,) if entry else ()


def kind_options(problem: Problem, kind: str) -> list[Option]:
    """Options of one kind in every service class, screened out elsewhere or not; over-estimates."""
    measured = [entry.option() for entry in problem.source.measured if entry.name == kind]
    found = []
    for group in problem.source.tables.values():
        for performance in group:
            names = [performance.table.name(row) for row in range(len(performance.table))]
            if kind not in names or performance.table.role == "prefill":
                continue
            for wanted in service_classes(performance.workloads):
                found += [
                    option_of(line, position)
                    for line in pieces(performance, wanted)
                    for position in range(len(line.row))
                    if line.name(position) == kind and line.served[position].any()
                ]
    return [*measured, *found]


def useless(option: Option, better: Option) -> bool:
    """Whether `better` does all that `option` does with as many accelerators or fewer (the rule of the screening)."""
    if option.accelerator != better.accelerator or option.role != better.role or option.gpus % better.gpus:
        return False
    if not set(option.workloads) <= set(better.workloads):
        return False
    columns = [better.workloads.index(workload) for workload in option.workloads]
    mine = option.instance_s_per_token * option.gpus
    theirs = better.instance_s_per_token[:, columns] * better.gpus
    below = np.all(theirs[:, None, :] <= mine[None, :, :] * (1 + 1e-12), axis=2)  # [theirs, mine]
    return bool(np.all(np.any(below, axis=1)))


def _same(what: str, kind: str) -> bool:
    """Whether a grouped drop-out is about this kind: same model, accelerator and weights, its layout in the list."""
    model, accelerator, layout, weights, *_ = kind.split("/")
    head, _, rest = what.partition(" (")
    return head.startswith(f"{model}/{accelerator}/{weights}") and layout in rest.partition(")")[0].split(
        ", "
    )


def _cheapest(
    data: ProgramData,
    problem: Problem,
    kind: str,
    trial: Trial,
    discount: float = 0.0,
    forced: bool = False,
) -> _Found | None:
    """The cheapest plan with `discount` $ per hour off each instance of the kind; with at least one, where forced."""
    trial.count()
    asked = Adaptation(
        COST.name, forced=kind if forced else "", discount=(kind, discount) if discount else None
    )
    outcome = run(data, effort(problem.study, gap=TIGHT, seconds=trial.solve_s), asked)
    if outcome.objective is None or outcome.allocation is None:
        return None
    instances = sum(d.instances for d in outcome.allocation.deployments if d.option.kind == kind)
    return _Found(outcome.objective * data.scale(COST.name) + discount * instances, instances)


def _discount(
    data: ProgramData, problem: Problem, target: Target, trial: Trial, without: float, least: _Found
) -> Entry | None:
    """The least discount per instance at which the kind enters."""
    found, discount = least, 0.0
    for _ in range(MOST_ROUNDS):
        discount = (found.usd_per_hour - without) / found.instances
        again = _cheapest(data, problem, target.name, trial, discount)
        if again is None or not again.instances or trial.over:
            break
        if again.usd_per_hour - discount * again.instances >= without * (1 - TIGHT):
            break
        found = again
    if discount <= without * TIGHT:
        return None
    more, less = discount * (1 + MARGIN), discount * (1 - MARGIN)
    inside = _cheapest(data, problem, target.name, trial, more)
    outside = _cheapest(data, problem, target.name, trial, less)
    verified = (
        inside is not None
        and inside.instances > 0
        and outside is not None
        and (
            not outside.instances or outside.usd_per_hour - less * outside.instances >= without * (1 - TIGHT)
        )
    )
    price = min(problem.study.supply(name).usd_per_hour for name in target.supplies)
    gpus = next(offer.option.gpus for offer in data.offers if offer.option.kind == target.name)
    sentence = (
        f"with its instances {discount:,.4g} $/h cheaper ({discount / gpus:,.4g} $/h per accelerator, "
        f"{discount / gpus / price:.0%} of the price) it enters"
        if price > 0
        else f"with its instances {discount:,.4g} $/h cheaper it enters"
    )
    cost = 0.0 if inside is None else inside.usd_per_hour - more * inside.instances
    return Entry("discount", "", sentence, discount, 0.0, "$/h per instance", more, less, verified, cost)
