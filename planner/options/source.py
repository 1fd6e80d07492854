"""Option source: the options of a study under any estimate, read from physics that is evaluated once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property, partial

from fleets.schema.accelerators import Accelerator
from formulations.screening import Screening
from planner.clock import Clock
from planner.config.resolved import ResolvedModel, ResolvedStudy, ResolvedWorkload
from planner.options.dropouts import dropouts
from planner.options.enumerate import Rules, measured_options, part_of
from planner.options.kinds import Rejection
from planner.options.least import Least, least_of
from planner.options.levels import Estimate
from planner.options.library import NOT_OPTIONS, NOT_PHYSICS, Library, pair_key, settings_key
from planner.options.measured import MeasuredKind, measured_kinds
from planner.options.option_set import OptionSet, Part
from planner.options.performance import Performance
from planner.options.tables import Tables, evaluate

Pair = tuple[ResolvedModel, Accelerator, tuple[ResolvedWorkload, ...]]


@dataclass(frozen=True)
class OptionSource:
    """Options of a study; sources that share a library share what they find."""

    study: ResolvedStudy
    screening: Screening = "full"
    forbidden: frozenset[str] = frozenset()
    library: Library = field(default_factory=Library, repr=False, compare=False)

    @cached_property
    def _pairs(self) -> dict[tuple[str, str], Pair]:
        """Every model with workloads on every accelerator of the fleet."""
        study = self.study
        if not study.config.physics:
            return {}
        accelerators = {s.accelerator.name: s.accelerator for s in study.supplies if s.accelerator}
        found: dict[tuple[str, str], Pair] = {}
        for model in study.models:
            workloads = tuple(w for w in study.workloads if w.model == model.name)
            if workloads:
                found |= {
                    (model.name, name): (model, accelerator, workloads)
                    for name, accelerator in accelerators.items()
                }
        self.library.make_room(len(found))
        return found

    @cached_property
    def _settings(self) -> str:
        return settings_key(self.study)

    @cached_property
    def _tables(self) -> dict[tuple[str, str], Tables]:
        found = {}
        for name, (model, accelerator, workloads) in self._pairs.items():
            key = pair_key(self._settings, model, accelerator, workloads, NOT_PHYSICS)
            kept = self.library.tables.get_or(
                key, partial(evaluate, self.study, model, accelerator, workloads)
            )
            found[name] = kept.asked_by(workloads)
        return found

    @property
    def tables(self) -> dict[tuple[str, str], tuple[Performance, ...]]:
        """Tables by model and accelerator."""
        return {name: tables.performances for name, tables in self._tables.items()}

    @property
    def refused_layouts(self) -> tuple[Rejection, ...]:
        """Layouts that do not divide."""
        return tuple(entry for tables in self._tables.values() for entry in tables.refused)

    @cached_property
    def _measured(self) -> tuple[list[MeasuredKind], list[Rejection]]:
        return measured_kinds(self.study)

    @property
    def measured(self) -> list[MeasuredKind]:
        """Measured kinds; below, the rows left out."""
        return self._measured[0]

    @property
    def refused_rows(self) -> list[Rejection]:
        """Measured rows that break an SLA or belong to something else."""
        return self._measured[1]

    @cached_property
    def dropouts(self) -> tuple[Rejection, ...]:
        """Kinds that do not fit, or are too slow, for some workload."""
        found: list[Rejection] = []
        for name, (model, accelerator, workloads) in self._pairs.items():
            key = pair_key(self._settings, model, accelerator, workloads, NOT_OPTIONS)
            tables, assumptions = self._tables[name].performances, self.study.assumptions
            found += self.library.dropouts.get_or(key, partial(dropouts, tables, assumptions))
        return tuple(found)

    @property
    def rejections(self) -> tuple[Rejection, ...]:
        """Everything that was left out, with what it needed and had."""
        return (*self.refused_layouts, *self.dropouts, *self.refused_rows)

    @cached_property
    def least(self) -> Least:
        """What every workload takes at least of every accelerator."""
        tables = (performance for found in self.tables.values() for performance in found)
        return least_of(tables, self.measured)

    def options(
        self, estimate: Estimate = "over", refinement: int = 0, seconds: float = math.inf
    ) -> OptionSet:
        """Options of every model, accelerator, role and service class, and the measured ones.

        Within so many seconds, the most promising first; what the library already has takes no time.
        """
        rules = Rules(estimate, refinement, self.screening, self.forbidden)
        found = self._in_time(rules, seconds)
        parts = [found[name] for name in self._pairs if name in found]
        units: dict[str, set[int]] = {}
        for supply in self.study.supplies:
            units.setdefault(supply.accelerator_name, set()).add(supply.unit)
        measured = measured_options(self.measured, units, rules)
        return OptionSet(
            (*(option for part in parts for option in part.options), *measured),
            {kind: place for part in parts for kind, place in part.performances.items()},
            sum(part.raw_count for part in parts) + len(self.measured),
            all(part.exact for part in parts),
            {kind.name: kind for kind in self.measured},
            len(parts) == len(self._pairs),
            lambda: self.rejections,
        )

    def _in_time(self, rules: Rules, seconds: float) -> dict[tuple[str, str], Part]:
        """Parts by model and accelerator, as many as there is time for."""
        names = tuple(self._pairs) if math.isinf(seconds) else self._promising
        clock, found = Clock(seconds), {}
        for name in names:
            part = self._part(name, rules, known=clock.expired)
            if part is not None:
                found[name] = part
        return found

    @cached_property
    def _promising(self) -> tuple[tuple[str, str], ...]:
        """Models on accelerators, in the order in which they may be wanted: first what is cheapest for some workload."""
        prices: dict[str, float] = {}
        for supply in self.study.supplies:
            name = supply.accelerator_name
            prices[name] = min(supply.usd_per_hour / supply.availability, prices.get(name, math.inf))
        rank = dict.fromkeys(self._pairs, (len(prices), math.inf))
        for workload in self.study.workloads:
            each = {
                name: self.least.price(workload.name, workload.prompted, {name: price})
                for name, price in prices.items()
            }
            for place, name in enumerate(sorted(each, key=each.__getitem__)):
                pair = workload.model, name
                if pair in rank:
                    rank[pair] = min(rank[pair], (place, each[name]))
        return tuple(sorted(rank, key=rank.__getitem__))

    def _part(self, name: tuple[str, str], rules: Rules, known: bool = False) -> Part | None:
        """The part of a model on an accelerator; None where it is not `known` and may not be made."""
        model, accelerator, workloads = self._pairs[name]
        units = sorted({s.unit for s in self.study.supplies if s.accelerator_name == accelerator.name})
        asked = [rules.estimate, rules.refinement, rules.screening, sorted(rules.forbidden), units]
        key = pair_key(self._settings, model, accelerator, workloads, NOT_OPTIONS, asked)
        if known and key not in self.library.options:
            return None
        return self.library.options.get_or(key, lambda: part_of(self._tables[name], units, rules))
