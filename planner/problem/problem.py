"""Problem: a study with its options and limits, immutable; what every question, explanation and batch starts from.

Variants share what is already known: physics is evaluated again only where it changed (`planner.options.library`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from planner.clock import LEAST_SECONDS
from planner.config import variants
from planner.config.resolved import ResolvedStudy
from planner.limits.coupling import screening_under, tied
from planner.limits.limit import Coupling, Limit
from planner.limits.registry import limits_of
from planner.options.levels import Estimate
from planner.options.library import Library
from planner.options.option_set import OptionSet
from planner.options.source import OptionSource


@dataclass(frozen=True)
class Problem:
    """A study to be solved; two switches turn off what is exact but clever."""

    study: ResolvedStudy
    screening: bool = True
    """Leave out options that can never be needed, as far as the limits allow."""
    decomposition: bool = True
    """Plan model by model where the limits allow it."""
    forbidden: frozenset[str] = frozenset()
    """Kinds that may not be used."""
    library: Library = field(default_factory=Library, repr=False, compare=False)

    @cached_property
    def limits(self) -> tuple[Limit, ...]:
        """Every limit of the study."""
        return limits_of(self.study)

    @cached_property
    def ties(self) -> dict[Coupling, tuple[str, ...]]:
        """What the study ties together, and by what."""
        return tied(self.study, self.limits)

    @cached_property
    def source(self) -> OptionSource:
        """Where its options come from."""
        how = screening_under(self.ties) if self.screening else "off"
        return OptionSource(self.study, how, self.forbidden, self.library)

    def options(
        self, estimate: Estimate = "over", refinement: int = 0, seconds: float = math.inf
    ) -> OptionSet:
        """Its options under an estimate; those that are found within some seconds, where a time is given."""
        return self.source.options(estimate, refinement, seconds)

    def changed(self, change: Callable[..., ResolvedStudy], *args: Any, **kwargs: Any) -> Problem:
        """The same problem with its study as a function of `planner.config.variants` makes it."""
        return self.with_study(change(self.study, *args, **kwargs))

    def with_study(self, study: ResolvedStudy) -> Problem:
        """Another study that shares this one's library."""
        return replace(self, study=study)

    def with_price(self, supply: str, usd_per_hour: float) -> Problem:
        """Another price of a supply."""
        return self.changed(variants.with_supply, supply, usd_per_hour=usd_per_hour)

    def with_limit(self, supply: str, accelerators: int | None) -> Problem:
        """Another limit of a supply."""
        return self.changed(variants.with_supply, supply, limit=accelerators)

    def with_demand(self, factor: float, *workloads: str) -> Problem:
        """The demand of some workloads (all, where none is named) times `factor`."""
        return self.changed(variants.with_demand, factor, *workloads)

    def with_workload(self, name: str, **changes: Any) -> Problem:
        """Fields of one workload changed."""
        return self.changed(variants.with_workload, name, **changes)

    def with_solver(self, *, seconds: float | None = None, gap: float | None = None) -> Problem:
        """Another time limit or gap."""
        least = None if seconds is None else max(LEAST_SECONDS, seconds)
        return self.changed(variants.with_solver, seconds=least, gap=gap)

    def without(self, limit: Limit) -> Problem:
        """The problem with a limit dropped."""
        return self.changed(limit.dropped)

    def without_kinds(self, *kinds: str) -> Problem:
        """The problem without some kinds."""
        return replace(self, forbidden=self.forbidden | set(kinds))

    def of_model(self, model: str) -> Problem:
        """The workloads of one model alone."""
        return self.changed(variants.of_model, model)
