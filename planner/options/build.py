"""Options of a study: every kind × service class × line and every measured kind, screened; what was left out and why.

Config in, `Option` objects out. Options belong to a (model, accelerator); every supply of that accelerator offers them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from formulations.options import Option, binding_rows
from formulations.screening import undominated
from planner.config.resolved import ResolvedStudy, ResolvedWorkload
from planner.options.classes import service_classes
from planner.options.dropouts import dropouts
from planner.options.kinds import Rejection, in_roles, kind_tables
from planner.options.measured import MeasuredKind, measured_kinds
from planner.options.performance import Performance, performance
from planner.options.pieces import Estimate, Pieces, pieces
from planner.options.prefill import prefill_options


@dataclass(frozen=True)
class OptionSet:
    """All options of a study under one estimate."""

    options: tuple[Option, ...]
    performances: dict[str, tuple[Performance, int]]
    """Table and row of every kind, for exact physics afterwards."""
    raw_count: int
    """Options before screening."""
    exact: bool
    """Whether over- and under-estimates are the same options."""
    source: OptionSource
    """Where they come from; asked for what was left out only when somebody wants to know."""
    measured: dict[str, MeasuredKind] = field(default_factory=dict)
    """The rows behind every measured kind."""

    @property
    def rejections(self) -> tuple[Rejection, ...]:
        """What was left out, with what it needed and had."""
        return self.source.rejections


@dataclass
class OptionSource:
    """Evaluates the physics of a study once; options of any estimate are read from it."""

    study: ResolvedStudy
    screening: bool = True
    forbidden: frozenset[str] = frozenset()
    """Kinds that may not be used; left out before screening, which therefore stays exact."""
    tables: dict[tuple[str, str], list[Performance]] = field(default_factory=dict)
    refused_layouts: list[Rejection] = field(default_factory=list)
    remembered: dict[Hashable, OptionSet] = field(default_factory=dict, repr=False)
    """Option sets already found; shared with sources that ask the same of other prices, limits and demands."""
    measured: list[MeasuredKind] = field(init=False)
    refused_rows: list[Rejection] = field(init=False)

    def __post_init__(self) -> None:
        self.measured, self.refused_rows = measured_kinds(self.study)
        if self.study.config.physics and not self.tables:
            self._evaluate()

    @property
    def rejections(self) -> tuple[Rejection, ...]:
        """Everything that was left out, with what it needed and had."""
        return (*self.refused_layouts, *self.dropouts, *self.refused_rows)

    @cached_property
    def dropouts(self) -> tuple[Rejection, ...]:
        """Kinds that do not fit, or are too slow, for some workload."""
        tables = [performance for group in self.tables.values() for performance in group]
        return tuple(dropouts(tables, self.study.assumptions))

    def asking(self, *changed: ResolvedWorkload) -> OptionSource:
        """The same physics with the demand, pace or TTFT of some workloads changed; their lengths must stay."""
        named = {workload.name: workload for workload in changed}

        def updated(workloads: tuple[ResolvedWorkload, ...]) -> tuple[ResolvedWorkload, ...]:
            return tuple(named.get(workload.name, workload) for workload in workloads)

        tables = {
            key: [replace(p, workloads=updated(p.workloads)) for p in performances]
            for key, performances in self.tables.items()
        }
        return replace(
            self,
            study=replace(self.study, workloads=updated(self.study.workloads)),
            tables=tables,
            remembered={},
        )

    def of(self, model: str) -> OptionSource:
        """The same physics for the workloads of one model alone."""
        study = replace(
            self.study,
            models=tuple(m for m in self.study.models if m.name == model),
            workloads=tuple(w for w in self.study.workloads if w.model == model),
        )
        tables = {key: performances for key, performances in self.tables.items() if key[0] == model}
        return replace(self, study=study, tables=tables, remembered={})

    def forbidding(self, *kinds: str) -> OptionSource:
        """The same physics without these kinds."""
        return replace(self, forbidden=self.forbidden | set(kinds))

    def _evaluate(self) -> None:
        study, config = self.study, self.study.config
        accelerators = {s.accelerator.name: s.accelerator for s in study.supplies if s.accelerator}
        for model in study.models:
            workloads = tuple(w for w in study.workloads if w.model == model.name)
            if not workloads:
                continue
            for accelerator in accelerators.values():
                plain, refused = kind_tables(model, accelerator, config.layouts, study.assumptions)
                self.refused_layouts += refused
                self.tables[model.name, accelerator.name] = [
                    performance(table, workloads, study.assumptions, config.prefill)
                    for table in in_roles(plain, config.serving)
                ]

    def options(self, estimate: Estimate = "over", refinement: int = 0) -> OptionSet:
        """Options of every model, accelerator, role and service class; remembered where physics alone makes them."""
        units = frozenset((supply.accelerator_name, supply.unit) for supply in self.study.supplies)
        key = (estimate, refinement, self.screening, self.forbidden, units)
        if key not in self.remembered or self.study.profiles:
            self.remembered[key] = self._options(estimate, refinement)
        return self.remembered[key]

    def _options(self, estimate: Estimate, refinement: int) -> OptionSet:
        found: list[Option] = []
        raw, exact = 0, True
        for (_, accelerator), performances in self.tables.items():
            units = self._units(accelerator)
            classes: dict[str, list[Pieces]] = {"aggregated": [], "decode": []}
            for wanted in service_classes(performances[0].workloads) if performances else ():
                for role, together in classes.items():
                    lines = [
                        pieces(p, wanted, estimate, refinement) for p in performances if p.table.role == role
                    ]
                    raw += sum(len(line.row) for line in lines)
                    exact = exact and all(line.exact for line in lines)
                    together += lines
                prompts = [p for p in performances if p.table.role == "prefill"]
                raw += sum(len(p.table) for p in prompts)
                found += prefill_options(prompts, wanted, self.screening, units, self.forbidden)
            for lines in classes.values():
                found += self._screened(lines, estimate)
        raw += len(self.measured)
        found += self._screened_measured()
        kinds = {
            p.table.name(row): (p, row)
            for group in self.tables.values()
            for p in group
            for row in range(len(p.table))
        }
        used = {option.kind for option in found}
        return OptionSet(
            tuple(found),
            {name: kinds[name] for name in used if name in kinds},
            raw,
            exact,
            self,
            {kind.name: kind for kind in self.measured},
        )

    def _screened(self, lines: list[Pieces], estimate: Estimate) -> Iterable[Option]:
        """Options of one model, accelerator and role that no other makes useless, whatever their service classes: an
        option of a stricter class serves what a milder one does."""
        lines = [line for line in lines if len(line.row)]
        if not lines:
            return
        rows = [line.instance_s_per_token for line in lines]
        most = max(block.shape[1] for block in rows)
        stacked = np.concatenate([_padded(block, most) for block in rows])
        if self.forbidden:
            stacked[[line.name(i) in self.forbidden for line in lines for i in range(len(line.row))]] = np.inf
        gpus = np.concatenate([line.gpus for line in lines])
        origin = [(line, index) for line in lines for index in range(len(line.row))]
        served = np.isfinite(stacked).all(axis=1).any(axis=1)
        units = self._units(lines[0].performance.table.accelerator.name)
        kept = undominated(stacked, gpus, units) if self.screening else np.flatnonzero(served)
        for index in sorted(kept):
            line, position = origin[index]
            yield option_of(line, position, estimate)

    def _units(self, accelerator: str) -> set[int]:
        """Billing units of the supplies that offer an accelerator."""
        return {supply.unit for supply in self.study.supplies if supply.accelerator_name == accelerator}

    def _screened_measured(self) -> Iterable[Option]:
        """Measured options that no other of the same model, accelerator and role makes useless."""
        groups: dict[tuple[str, str, str], list[Option]] = {}
        for kind in self.measured:
            if kind.name not in self.forbidden:
                option = kind.option()
                groups.setdefault((option.model, option.accelerator, option.role), []).append(option)
        for options in groups.values():
            if not self.screening:
                yield from options
                continue
            names = list(dict.fromkeys(name for option in options for name in option.workloads))
            rows = np.full((len(options), 1, len(names)), np.inf)
            for position, option in enumerate(options):
                rows[position, 0, [names.index(name) for name in option.workloads]] = option.sequence_s[0]
            gpus = np.array([option.gpus for option in options], dtype=float)
            kept = undominated(rows, gpus, self._units(options[0].accelerator))
            yield from (options[index] for index in sorted(kept))


def _padded(
    rows: np.ndarray[tuple[int, ...], np.dtype[np.float64]], most: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Repeat the first row until there are `most`: the set {x: rows·x ≤ 1} stays the same."""
    missing = most - rows.shape[1]
    return np.concatenate([rows, np.repeat(rows[:, :1], missing, axis=1)], axis=1) if missing else rows


def option_of(line: Pieces, position: int, estimate: Estimate = "over") -> Option:
    """The option of one line, with the roofs, resources and workloads that can matter."""
    performance, kind = line.performance, int(line.row[position])
    limit, step, sequence = line.batch_limit[position], line.step_s[position], line.sequence_s[position]
    served = np.flatnonzero(line.served[position])
    limit, sequence = limit[:, served], sequence[:, served]
    stepping = len(performance.roofs)  # the roof `queue`, where there is one, comes after and always stays
    cross = step[:stepping, None, None] / limit[None, :, :] + sequence[:stepping, None, :]  # (R, Q, W)
    binding = binding_rows(cross.reshape(-1, len(served))).reshape(cross.shape[:2])
    roofs = np.flatnonzero(np.append(binding.any(axis=1), np.ones(len(step) - stepping, dtype=bool)))
    resources = np.flatnonzero(binding.any(axis=0))
    table = performance.table
    name = table.name(kind)
    mark = "b" if estimate == "over" else "chord"
    return Option(
        id=f"{name}/{line.wanted.name}/{mark}{line.point[position]:.6g}",
        kind=name,
        model=table.model.name,
        accelerator=table.accelerator.name,
        gpus=int(table.gpus[kind]),
        role=table.role,
        workloads=tuple(performance.workloads[w].name for w in served),
        tokens_per_step=np.full(len(served), performance.tokens_per_step[kind, 0]),
        roofs=tuple(line.roofs[r] for r in roofs),
        step_s=step[roofs],
        sequence_s=sequence[roofs],
        resources=tuple(line.resources[r] for r in resources),
        batch_limit=limit[resources],
        row=kind,
        fields=(
            table.layout_names[kind],
            table.weight_precisions[kind],
            table.kv_precisions[kind],
            table.speculation_name(kind),
        ),
        pace=line.wanted.pace,
    )
