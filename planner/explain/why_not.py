"""Why not: the price, limit or service at which a supply or accelerator would enter the plan, verified by solving there.

Price. With the target's prices times f, the least cost is the smaller of C, the optimum without it, and
min over plans x with it of (rest(x) + f·own(x)). It enters below f* = max over x of (C − rest(x))/own(x), found by
Dinkelbach's method (Management Science 13, 1967): solve at f, set f to the ratio of the plan found, until no plan with
the target is cheaper than C.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from planner.config.variants import supply_key, tpot_ms, with_supplies, with_tpot, workload_key
from planner.explain.bisect import least_stretch
from planner.explain.entry import Entry
from planner.explain.kind_price import kind_entries
from planner.explain.target import Target, find_target
from planner.explain.trial import Trial
from planner.objectives import COST
from planner.problem.answer import Answer
from planner.problem.data import data_for
from planner.problem.problem import Problem

MARGIN = 0.01
"""Relative distance from a threshold price at which both sides are solved."""
TIGHT = 1e-6
"""Gap of the solves that a price threshold rests on."""
MOST_ROUNDS = 12
MOST_STRETCH = 30.0
"""No TPOT is stretched or shortened by more than this factor."""


@dataclass(frozen=True)
class WhyNot:
    """Why something is not in the plan, and when it would be."""

    target: str
    what: str
    used: bool
    sentences: tuple[str, ...]
    entries: tuple[Entry, ...] = ()
    solves: int = 0

    def to_dict(self) -> dict[str, Any]:
        """As JSON shows it."""
        return {
            "target": self.target,
            "what": self.what,
            "used": self.used,
            "reasons": list(self.sentences),
            "entries": [vars(entry) for entry in self.entries],
        }


def why_not(problem: Problem, answer: Answer, name: str, seconds: float) -> WhyNot:
    """Why `name` is not in the plan of an answered cost question; raises `InputError` for a name without meaning."""
    trial = Trial(seconds)
    target, study = find_target(problem, name)
    if target.added:
        before, answer = answer, trial.answer(study)
        if target.used(answer):
            return WhyNot(
                target.name, target.what, False, _added(study, before, answer, target), (), trial.solves
            )
    if target.used(answer):
        return WhyNot(target.name, target.what, True, ("it is in the plan",), (), trial.solves)
    if target.what == "kind":
        sentences, entries = kind_entries(study, answer, target, trial)
        return WhyNot(target.name, "kind", False, sentences, entries, trial.solves)
    return _supply(study, answer, target, trial)


def _added(problem: Problem, before: Answer, after: Answer, target: Target) -> tuple[str, ...]:
    """An accelerator that the fleet lacks and that would be used: what adding it saves."""
    price = problem.study.supply(target.name).usd_per_hour
    cost, was = after.optimum, before.optimum
    assert cost is not None and was is not None
    return (
        f"it is not in the config's fleet; added without a limit at {price:,.4g} $/h per accelerator, the plan uses it "
        f"and costs {cost:,.2f} $/h instead of {was:,.2f} $/h",
    )


def _supply(problem: Problem, answer: Answer, target: Target, trial: Trial) -> WhyNot:
    sentences = []
    entries = []
    if target.added:
        price = problem.study.supply(target.name).usd_per_hour
        sentences.append(
            f"it is not in the config's fleet; tried without a limit at {price:,.4g} $/h per accelerator"
        )
    lifted = _with(problem, target, limit=None)
    if not offers(lifted, target):
        sentences.append(f"no instance of {target.name} can serve any workload")
        sentences += _lacks(problem, target)
    else:
        entry = price_entry(problem, answer, target, trial)
        if entry is None:
            sentences.append(f"{target.name} would not enter even if it were free, all else as it is")
        else:
            entries.append(entry)
            sentences.append(f"{target.name} costs more than it saves at its price")
    limit = None if trial.over else limit_entry(problem, target, trial)
    if limit is not None:
        entries.append(limit)
    entries += service_entries(problem, target, trial)
    if trial.over:
        sentences.append("the time ran out before everything was tried; raise solver.time_limit_s")
    return WhyNot(target.name, target.what, False, tuple(sentences), tuple(entries), trial.solves)


def offers(problem: Problem, target: Target) -> bool:
    """Whether any option is offered in the target's supplies."""
    data = data_for(problem.study, problem.limits, problem.options().options)
    return any(data.offers_in(name) for name in target.supplies)


def _lacks(problem: Problem, target: Target) -> list[str]:
    accelerators = {problem.study.supply(name).accelerator_name for name in target.supplies}
    return [str(r) for r in problem.source.dropouts if any(f"/{name}/" in r.what for name in accelerators)]


def _with(problem: Problem, target: Target, **changes: Any) -> Problem:
    return problem.changed(with_supplies, lambda s: replace(s, **changes) if s.name in target.supplies else s)


def _priced(problem: Problem, target: Target, factor: float) -> Problem:
    return problem.changed(
        with_supplies,
        lambda s: replace(s, usd_per_hour=s.usd_per_hour * factor) if s.name in target.supplies else s,
    )


def _own(problem: Problem, answer: Answer, target: Target) -> float:
    """What the target costs in a plan at the study's prices, $ per hour."""
    assert answer.allocation is not None
    supplies = [problem.study.supply(name) for name in target.supplies]
    return COST.total(supplies, answer.allocation.units)


def price_entry(problem: Problem, answer: Answer, target: Target, trial: Trial) -> Entry | None:
    """The price below which the target enters, or None where even free ones are of no use."""
    without = answer.optimum
    supplies = [problem.study.supply(name) for name in target.supplies]
    was = min(supply.usd_per_hour for supply in supplies)
    if without is None or was <= 0:
        return None
    factor = 0.0
    for _ in range(MOST_ROUNDS):
        found = trial.answer(_priced(problem, target, factor), TIGHT)
        cost, own = found.optimum, 0.0 if found.allocation is None else _own(problem, found, target)
        if cost is None or own <= 0 or cost >= without * (1 - TIGHT) or trial.over:
            break
        factor = (without - (cost - factor * own)) / own
    if factor <= 0:
        return None
    inside, outside = factor * (1 - MARGIN), factor * (1 + MARGIN)
    below = trial.answer(_priced(problem, target, inside), TIGHT)
    above = trial.answer(_priced(problem, target, outside), TIGHT)
    dearer = above.optimum
    verified = target.used(below) and (
        not target.used(above) or (dearer is not None and dearer >= without * (1 - TIGHT))
    )
    sentence = (
        f"at {factor * was:,.4g} $/h per accelerator instead of {was:,.4g} $/h ({factor - 1:+.0%}) "
        f"{target.name} enters"
    )
    keys = ", ".join(_keys(problem, target, "price_usd_per_hour"))
    return Entry("price", keys, sentence, factor * was, was, "$/h per accelerator", inside * was, outside * was,
                 verified, below.optimum or 0.0)  # fmt: skip


def _keys(problem: Problem, target: Target, field: str) -> list[str]:
    return [f"{supply_key(problem.study, name)}.{field}" for name in target.supplies]


def limit_entry(problem: Problem, target: Target, trial: Trial) -> Entry | None:
    """The smallest limit at which the target enters at its price; None where the limit is not what keeps it out."""
    supplies = [problem.study.supply(name) for name in target.supplies]
    if len(supplies) != 1 or supplies[0].limit is None:
        return None
    supply, limit = supplies[0], supplies[0].limit
    free = trial.answer(_with(problem, target, limit=None))
    if not target.used(free) or free.allocation is None:
        return None

    def enters(units: int) -> Answer | None:
        found = trial.answer(_with(problem, target, limit=units * supply.unit))
        return found if target.used(found) else None

    low, high = limit // supply.unit, free.allocation.units[supply.name]
    best = enters(high) or free
    while high - low > 1 and not trial.over:
        middle = (low + high) // 2
        found = enters(middle)
        if found is None:
            low = middle
        else:
            high, best = middle, found
    needed = high * supply.unit
    sentence = (
        f"with a limit of {needed:,} instead of {limit:,} accelerators {target.name} enters at its price"
    )
    return Entry("limit", _keys(problem, target, "limit")[0], sentence, needed, limit, "accelerators", needed,
                 low * supply.unit, not trial.over and high - low == 1, best.optimum or 0.0)  # fmt: skip


def service_entries(problem: Problem, target: Target, trial: Trial) -> list[Entry]:
    """For each workload, the mildest change of its TPOT, longer or shorter, at which the target enters at its price."""
    found = []
    for workload in problem.study.workloads:
        if workload.pace <= 0:
            continue
        for shorter in (False, True):
            if not trial.over:
                entry = _tpot(problem, target, trial, workload.name, shorter)
                found += [entry] if entry else []
    return found


def _tpot(problem: Problem, target: Target, trial: Trial, workload: str, shorter: bool) -> Entry | None:
    tpot = tpot_ms(problem.study.workload(workload))
    best: dict[float, Answer] = {}

    def at(factor: float) -> float:
        return tpot / factor if shorter else tpot * factor

    def enters(factor: float) -> bool | None:
        if trial.over:
            return None
        found = trial.answer(problem.changed(with_tpot, workload, at(factor)))
        if target.used(found):
            best[factor] = found
            return True
        return False if found.allocation is not None else None

    stretch = least_stretch(1.0, enters, farthest=MOST_STRETCH)
    if stretch is None:
        return None
    low, high = stretch
    value = at(high)
    sentence = f"with a TPOT of {value:.4g} ms instead of {tpot:.4g} ms for {workload} {target.name} enters at its price"
    key = f"{workload_key(problem.study, workload)}.max_tpot_ms"
    return Entry("pace", key, sentence, value, tpot, "ms", value, at(low), high in best,
                 best[high].optimum or 0.0 if high in best else 0.0)  # fmt: skip
