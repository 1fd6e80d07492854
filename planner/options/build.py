"""Options of a study: every kind × pace class × line, screened, and what was left out with the reason.

Config in, `Option` objects out. Options belong to a (model, accelerator); every supply of that accelerator offers them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from formulations.options import Option, binding_rows
from formulations.screening import undominated
from planner.config.resolve import ResolvedStudy
from planner.options.kinds import Rejection, kind_tables
from planner.options.performance import Performance, performance
from planner.options.pieces import Estimate, Pieces, pieces


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
    rejections: tuple[Rejection, ...] = ()


@dataclass
class OptionSource:
    """Evaluates the physics of a study once; options of any estimate are read from it."""

    study: ResolvedStudy
    screening: bool = True
    tables: dict[tuple[str, str], list[Performance]] = field(default_factory=dict)
    rejections: list[Rejection] = field(default_factory=list)

    def __post_init__(self) -> None:
        study, config = self.study, self.study.study
        if not config.physics:
            return
        accelerators = {s.accelerator.name: s.accelerator for s in study.supplies if s.accelerator}
        for model in study.models:
            workloads = tuple(w for w in study.workloads if w.model == model.name)
            if not workloads:
                continue
            for accelerator in accelerators.values():
                tables, refused = kind_tables(model, accelerator, config.layouts)
                self.rejections += refused
                self.tables[model.name, accelerator.name] = [
                    performance(table, workloads, study.assumptions, config.prefill) for table in tables
                ]

    def options(self, estimate: Estimate = "over", refinement: int = 0) -> OptionSet:
        """Options of every model, accelerator and pace class."""
        found: list[Option] = []
        raw, exact = 0, True
        for performances in self.tables.values():
            paces = sorted({w.pace for p in performances for w in p.workloads})
            for pace in paces:
                lines = [pieces(p, pace, estimate, refinement) for p in performances]
                raw += sum(len(line.row) for line in lines)
                exact = exact and all(line.exact for line in lines)
                found += self._screened(lines, estimate)
        kinds = {
            p.table.name(row): (p, row)
            for group in self.tables.values()
            for p in group
            for row in range(len(p.table))
        }
        used = {option.kind for option in found}
        return OptionSet(
            tuple(found), {name: kinds[name] for name in used}, raw, exact, tuple(self.rejections)
        )

    def _screened(self, lines: list[Pieces], estimate: Estimate) -> Iterable[Option]:
        """Options of one model, accelerator and pace class that no other makes useless."""
        lines = [line for line in lines if len(line.row)]
        if not lines:
            return
        rows = [line.instance_s_per_token for line in lines]
        most = max(block.shape[1] for block in rows)
        stacked = np.concatenate([_padded(block, most) for block in rows])
        gpus = np.concatenate([line.gpus for line in lines])
        origin = [(line, index) for line in lines for index in range(len(line.row))]
        served = np.isfinite(stacked).all(axis=1).any(axis=1)
        kept = undominated(stacked, gpus) if self.screening else np.flatnonzero(served)
        for index in sorted(kept):
            line, position = origin[index]
            yield option_of(line, position, estimate)


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
    served = np.flatnonzero((limit >= 1).all(axis=0))
    limit, sequence = limit[:, served], sequence[:, served]
    cross = step[:, None, None] / limit[None, :, :] + sequence[:, None, :]  # (R, Q, W)
    binding = binding_rows(cross.reshape(-1, len(served))).reshape(cross.shape[:2])
    roofs, resources = np.flatnonzero(binding.any(axis=1)), np.flatnonzero(binding.any(axis=0))
    table = performance.table
    name = table.name(kind)
    pace = f"pace{line.pace:g}" if line.pace > 0 else "any-pace"
    mark = "b" if estimate == "over" else "chord"
    return Option(
        id=f"{name}/{pace}/{mark}{line.point[position]:.6g}",
        kind=name,
        model=table.model.name,
        accelerator=table.accelerator.name,
        gpus=int(table.gpus[kind]),
        role="aggregated",
        workloads=tuple(performance.workloads[w].name for w in served),
        tokens_per_step=np.full(len(served), performance.tokens_per_step[kind, 0]),
        roofs=tuple(performance.roofs[r] for r in roofs),
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
        pace=line.pace,
    )
