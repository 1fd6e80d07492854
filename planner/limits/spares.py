"""Spares: instances kept for failures, for every kind in use in every supply; the larger of a number and a share.

A second kind in a supply needs spares of its own, and so does a second supply of one kind: this counts kinds and sites.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Self

from formulations.program.data import Spares
from planner.checks import Check, at_least
from planner.config.resolved import ResolvedStudy
from planner.config.variants import with_config
from planner.limits.entries import Entries
from planner.limits.limit import Coupling, GivesWay, Limit
from planner.operation.operated import Operated


@dataclass(frozen=True)
class SpareInstances(Limit):
    """Spares of every kind in use."""

    family: ClassVar[str] = "spares"
    keys: ClassVar[frozenset[str]] = frozenset({"study.spares"})
    gives_way: ClassVar[GivesWay] = "whole"
    rule: Spares = field(default_factory=Spares)

    @classmethod
    def found_in(cls, study: ResolvedStudy) -> Iterator[Self]:
        asked = study.config.spares
        if asked.number or asked.share:
            wanted = f"{asked.number}" if asked.number else f"{asked.share:.3g} of its instances"
            rule = Spares(asked.number, asked.share)
            sentence = f"{wanted} spare for every kind"
            yield cls("", "spares", asked.number or asked.share, "instances", sentence, rule)

    @property
    def couples(self) -> frozenset[Coupling]:
        return frozenset({"kinds", "sites"})

    def enter(self, entries: Entries) -> None:
        entries.spares = self.rule

    def checks(self, operated: Operated) -> Iterator[Check]:
        loaded: dict[tuple[str, str], int] = {}
        spare: dict[tuple[str, str], int] = {}
        for deployment in operated.allocation.deployments:
            key = deployment.option.kind, deployment.supply
            loaded[key] = loaded.get(key, 0) + deployment.instances
            spare[key] = spare.get(key, 0) + deployment.spares
        for (kind, supply), instances in loaded.items():
            needed = max(self.rule.number, self.rule.share * instances)
            yield at_least(f"spares of {kind} in {supply}", spare[kind, supply], needed, "instances")

    def dropped(self, study: ResolvedStudy) -> ResolvedStudy:
        none = study.config.spares.model_copy(update={"number": 0, "share": 0.0})
        return with_config(study, spares=none)

    def instead(self, value: float) -> str:
        return "no spare instances"
