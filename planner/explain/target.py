"""Targets of `--why-not`: a supply of the config, an accelerator (in the fleet or only in the catalogue), or a kind."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import Literal

from fleets import catalog
from fleets.errors import CatalogError
from planner.config.resolved import ResolvedSupply
from planner.errors import InputError
from planner.problem.answer import Answer
from planner.problem.problem import Problem


@dataclass(frozen=True)
class Target:
    """What a user asks about."""

    name: str
    what: Literal["supply", "accelerator", "kind"]
    supplies: tuple[str, ...]
    """Supplies that it is, or lies in."""
    added: bool = False
    """The accelerator is not in the config's fleet; it was added at its catalogue price, without a limit."""

    def used(self, answer: Answer) -> bool:
        """Whether an answer's plan has instances of it."""
        return answer.allocation is not None and any(
            d.option.kind == self.name if self.what == "kind" else d.supply in self.supplies
            for d in answer.allocation.deployments
        )


def find_target(problem: Problem, name: str) -> tuple[Target, Problem]:
    """What a name means, and the study to ask in (with the accelerator added where the fleet lacks it).

    A beginning that only one supply has is enough: `h200` for `h200-sxm`.

    Raises `InputError` with the nearest names where it means nothing.
    """
    study = problem.study
    supplies = [supply.name for supply in study.supplies]
    if name in supplies:
        return Target(name, "supply", (name,)), problem
    kinds = all_kinds(problem)
    if name in kinds:
        accelerator = kinds[name]
        inside = tuple(s.name for s in study.supplies if s.accelerator_name == accelerator)
        return Target(name, "kind", inside), problem
    begun = [supply for supply in supplies if supply.startswith(name)]
    if len(begun) == 1:
        return Target(begun[0], "supply", (begun[0],)), problem
    try:
        accelerator = catalog.accelerator(name).name
    except CatalogError:
        accelerator = name
    inside = tuple(s.name for s in study.supplies if s.accelerator_name == accelerator)
    if inside:
        return Target(accelerator, "accelerator", inside), problem
    try:
        found, price = catalog.accelerator(name), catalog.default_price(accelerator)
    except CatalogError:
        raise InputError([_unknown(problem, name, kinds)]) from None
    power = None if found.tdp_w is None else found.tdp_w / 1000
    extra = ResolvedSupply(
        accelerator, accelerator, found, price.usd_per_hour, f"{price.source.name}, {price.source.date}", None, 1, "",
        1.0, False, power,
    )  # fmt: skip
    larger = problem.with_study(replace(study, supplies=(*study.supplies, extra)))
    return Target(accelerator, "accelerator", (accelerator,), added=True), larger


def all_kinds(problem: Problem) -> dict[str, str]:
    """Accelerator of every kind that the config allows, screened out or not."""
    analytic = {
        performance.table.name(row): accelerator
        for (_, accelerator), group in problem.source.tables.items()
        for performance in group
        for row in range(len(performance.table))
    }
    return analytic | {kind.name: kind.rows[0].accelerator for kind in problem.source.measured}


def _unknown(problem: Problem, name: str, kinds: dict[str, str]) -> str:
    known = [*(supply.name for supply in problem.study.supplies), *catalog.names("accelerators"), *kinds]
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(near)}?" if near else "give a supply, an accelerator or a kind"
    return f"--why-not: '{name}' is neither a supply, nor an accelerator with a price, nor a kind of this config; {hint}"
