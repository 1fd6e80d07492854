"""Kinds that the plan does not use: what forces one in costs, and how much cheaper its instances would have to be.

A kind shares its supply with others, so its own price is a discount on its instances. The least discount with which it
enters is min over plans x with it of (cost(x) − C)/instances(x), C the optimum; found by Dinkelbach's method from the
plan that is forced to have one instance. Screened-out kinds are put back for the question.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyomo.environ as pyo

from formulations.options import Option
from formulations.program.build import build_program
from formulations.program.data import ProgramData
from formulations.program.linear import weighted
from planner.explain.entry import Entry
from planner.explain.target import Target
from planner.explain.trial import Trial, optimum
from planner.options.build import OptionSource, option_of
from planner.options.classes import service_classes
from planner.options.pieces import pieces
from planner.problem.answer import Answer
from planner.problem.data import data_for
from planner.problem.highs import SolverOptions, solve_program

TIGHT = 1e-6
MARGIN = 0.01
MOST_ROUNDS = 12


@dataclass(frozen=True)
class _Found:
    """One plan: its cost without the discount, and how many instances of the kind it has."""

    usd_per_hour: float
    instances: int


def kind_entries(
    source: OptionSource, answer: Answer, target: Target, trial: Trial
) -> tuple[tuple[str, ...], tuple[Entry, ...]]:
    """(reasons, entries) for a kind that is not in the plan."""
    options = kind_options(source, target.name)
    if not options:
        lacks = [str(r) for r in source.rejections if _same(r.what, target.name)]
        return (f"{target.name} can serve no workload", *lacks), ()
    known = source.options().options
    reasons = [
        f"{better.kind} serves the same workloads with no more GPU time"
        for better in known
        if better.kind != target.name
        and all(any(useless(o, b) for b in known if b.kind == better.kind) for o in options)
    ][:1]
    data = _data(source, [*(o for o in known if o.kind != target.name), *options])
    least = _cheapest(data, source, target.name, trial, forced=True)
    without = optimum(answer)
    if least is None or without is None:
        return (*reasons, f"no plan within the limits can have an instance of {target.name}"), ()
    extra = least.usd_per_hour - without
    reasons.append(
        f"the cheapest plan with an instance of it costs {extra:,.4g} $/h more"
        if extra > without * TIGHT
        else "a plan with it costs the same; another was found first"
    )
    entry = _discount(data, source, target, trial, without, least)
    return tuple(reasons), (entry,) if entry else ()


def kind_options(source: OptionSource, kind: str) -> list[Option]:
    """Options of one kind in every service class, screened out elsewhere or not; over-estimates."""
    measured = [entry.option() for entry in source.measured if entry.name == kind]
    found = []
    for group in source.tables.values():
        for performance in group:
            names = [performance.table.name(row) for row in range(len(performance.table))]
            if kind not in names or performance.table.role == "prefill":
                continue
            for wanted in service_classes(performance.workloads):
                line = pieces(performance, wanted)
                found += [
                    option_of(line, position)
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


def _data(source: OptionSource, options: list[Option]) -> ProgramData:
    budget = source.study.config.question.budget_usd_per_hour
    return data_for(source.study, options, budget_usd_per_hour=budget)


def _cheapest(
    data: ProgramData,
    source: OptionSource,
    kind: str,
    trial: Trial,
    discount: float = 0.0,
    forced: bool = False,
) -> _Found | None:
    """The cheapest plan with `discount` $ per hour off each instance of the kind; with at least one, where forced."""
    model = build_program(data)
    own = [(1.0, model.Instances[offer.key]) for offer in data.offers if offer.option.kind == kind]
    if forced:
        model.Force_Kind = pyo.Constraint(
            expr=weighted(own) >= 1.0, doc="an instance of the kind [instances]"
        )
    if discount:
        model.Objective.expr = model.Objective.expr + weighted(
            [(-discount / data.money_unit, variable) for _, variable in own]
        )
    settings = source.study.config.solver
    trial.count()
    result = solve_program(model, SolverOptions(TIGHT, trial.solve_s, settings.threads, settings.seed))
    if result.objective is None:
        return None
    instances = round(sum(pyo.value(variable) for _, variable in own))
    return _Found(result.objective * data.money_unit + discount * instances, instances)


def _discount(
    data: ProgramData, source: OptionSource, target: Target, trial: Trial, without: float, least: _Found
) -> Entry | None:
    """The least discount per instance at which the kind enters."""
    found, discount = least, 0.0
    for _ in range(MOST_ROUNDS):
        discount = (found.usd_per_hour - without) / found.instances
        again = _cheapest(data, source, target.name, trial, discount)
        if again is None or not again.instances or trial.over:
            break
        if again.usd_per_hour - discount * again.instances >= without * (1 - TIGHT):
            break
        found = again
    if discount <= without * TIGHT:
        return None
    more, less = discount * (1 + MARGIN), discount * (1 - MARGIN)
    inside = _cheapest(data, source, target.name, trial, more)
    outside = _cheapest(data, source, target.name, trial, less)
    verified = (
        inside is not None
        and inside.instances > 0
        and outside is not None
        and (
            not outside.instances or outside.usd_per_hour - less * outside.instances >= without * (1 - TIGHT)
        )
    )
    price = min(source.study.supply(name).usd_per_hour for name in target.supplies)
    gpus = next(offer.option.gpus for offer in data.offers if offer.option.kind == target.name)
    sentence = (
        f"with its instances {discount:,.4g} $/h cheaper ({discount / gpus:,.4g} $/h per accelerator, "
        f"{discount / gpus / price:.0%} of the price) it enters"
        if price > 0
        else f"with its instances {discount:,.4g} $/h cheaper it enters"
    )
    cost = 0.0 if inside is None else inside.usd_per_hour - more * inside.instances
    return Entry("discount", "", sentence, discount, 0.0, "$/h per instance", more, less, verified, cost)
