"""Options of one model on one accelerator: every kind × service class × line, screened; and the measured ones.

Every supply of the accelerator offers them. How far screening may go is the limits' to say (`planner.limits.coupling`).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from formulations.options import Option, binding_rows
from formulations.screening import Screening, screened
from planner.options.classes import exactly, service_classes
from planner.options.levels import Estimate
from planner.options.measured import MeasuredKind
from planner.options.option_set import Part
from planner.options.pieces import Pieces, pieces
from planner.options.prefill import prefill_options
from planner.options.tables import Tables


@dataclass(frozen=True)
class Rules:
    """How options are read from tables: the estimate, how finely, and what may be left out."""

    estimate: Estimate = "over"
    refinement: int = 0
    screening: Screening = "full"
    forbidden: frozenset[str] = frozenset()
    """Kinds that may not be used; left out before screening, which therefore stays exact."""


def part_of(tables: Tables, units: Collection[int], rules: Rules) -> Part:
    """All options of the tables' model on their accelerator, which supplies sell in billing `units`."""
    found: list[Option] = []
    raw, exact = 0, True
    performances = tables.performances
    classes: dict[str, list[Pieces]] = {"aggregated": [], "decode": []}
    prompts = [p for p in performances if p.table.role == "prefill"]
    for wanted in service_classes(performances[0].workloads) if performances else ():
        for role, together in classes.items():
            lines = [
                line
                for p in performances
                if p.table.role == role
                for line in pieces(p, wanted, rules.estimate, rules.refinement)
            ]
            raw += sum(len(line.row) for line in lines)
            exact = exact and all(line.exact for line in lines)
            together += lines
        raw += sum(len(p.table) for p in prompts)
        found += prefill_options(prompts, wanted, rules.screening, units, rules.forbidden)
    for lines in classes.values():
        found += _screened(lines, units, rules)
    kinds = {p.table.name(row): (p, row) for p in performances for row in range(len(p.table))}
    used = dict.fromkeys(option.kind for option in found)
    return Part(tuple(found), {name: kinds[name] for name in used}, raw, exact)


def _screened(lines: list[Pieces], units: Collection[int], rules: Rules) -> Iterable[Option]:
    """Options of one role that no other makes useless, whatever their service classes: an option of a stricter class
    serves what a milder one does."""
    lines = [line for line in lines if len(line.row)]
    if not lines:
        return
    rows = [line.instance_s_per_token for line in lines]
    most = max(block.shape[1] for block in rows)
    stacked = np.concatenate([_padded(block, most) for block in rows])
    if rules.forbidden:
        banned = [line.name(i) in rules.forbidden for line in lines for i in range(len(line.row))]
        stacked[banned] = np.inf
    gpus = np.concatenate([line.gpus for line in lines])
    origin = [(line, index) for line in lines for index in range(len(line.row))]
    kinds = [line.name(index) for line, index in origin] if rules.screening == "kinds" else ()
    for index in screened(stacked, gpus, units, rules.screening, kinds):
        line, position = origin[index]
        yield option_of(line, position, rules.estimate)


def measured_options(
    measured: Iterable[MeasuredKind], units: dict[str, set[int]], rules: Rules
) -> Iterator[Option]:
    """Measured options that no other of the same model, accelerator and role makes useless; `units` by accelerator."""
    groups: dict[tuple[str, str, str], list[Option]] = {}
    for kind in measured:
        if kind.name not in rules.forbidden:
            option = kind.option()
            groups.setdefault((option.model, option.accelerator, option.role), []).append(option)
    for options in groups.values():
        names = list(dict.fromkeys(name for option in options for name in option.workloads))
        rows = np.full((len(options), 1, len(names)), np.inf)
        for position, option in enumerate(options):
            rows[position, 0, [names.index(name) for name in option.workloads]] = option.sequence_s[0]
        gpus = np.array([option.gpus for option in options], dtype=float)
        sold = units.get(options[0].accelerator, set())
        kept = screened(rows, gpus, sold, rules.screening, [option.kind for option in options])
        yield from (options[index] for index in kept)


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
        id=f"{name}/{line.wanted.name}/{_level(line, kind)}{mark}{exactly(float(line.point[position]))}",
        kind=name,
        model=table.model.name,
        accelerator=table.accelerator.name,
        gpus=int(table.gpus[kind]),
        role=table.role,
        workloads=tuple(performance.workloads[w].name for w in served),
        unprompted=frozenset(
            performance.workloads[w].name
            for w in served
            if table.role == "decode" and not performance.workloads[w].prompted
        ),
        tokens_per_step=np.full(len(served), performance.tokens_per_step[kind, 0]),
        roofs=tuple(line.roofs[r] for r in roofs),
        step_s=step[roofs],
        sequence_s=sequence[roofs],
        resources=tuple(line.resources(position)[r] for r in resources),
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


def _level(line: Pieces, kind: int) -> str:
    """The longest step, where a first token chose it: part of an option's id."""
    longest = float(line.level.step_s[kind, 0])
    return f"step{exactly(longest * 1e3)}ms/" if line.wanted.first and math.isfinite(longest) else ""
