"""Scenarios: one changed config each, spelled out from named ones, grids, a table and random draws.

All that can be wrong with a key path or a value is found here, before anything runs.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from fleets.errors import CatalogError
from fleets.loading import parse_yaml, read_yaml, validate
from planner.batch.base import Base, base_from
from planner.batch.distributions import Choice, draws
from planner.batch.paths import KeyPath, PathError, key_path
from planner.batch.scenario import Batch, Change, Scenario, shown, times
from planner.batch.schema import Axis, Grid, ScenarioFile
from planner.errors import InputError

MOST_SCENARIOS = 1_000_000
"""More are refused unless `limit` asks for the first ones: their list alone would fill memory."""


def read_batch(source: str | Path | Mapping[str, Any], base: Any = None, limit: int | None = None) -> Batch:
    """Read a scenario file (or a mapping with its keys) and spell it out; raises `InputError` with every problem.

    `base` stands in for the file's own; `limit` keeps the first scenarios.
    """
    if isinstance(source, Mapping):
        data, file, folder = dict(source), "scenarios", Path.cwd()
    else:
        path = Path(source)
        file, folder = str(source), path.resolve().parent
        try:
            data = read_yaml(path, file)
        except CatalogError as error:
            raise InputError(error.problems) from None
    if base is not None and isinstance(data, dict):
        data = {**data, "base": "(given)"}
    try:
        written = validate(ScenarioFile, data, file)
    except CatalogError as error:
        raise InputError(error.problems) from None
    if base is None:
        base = written.base if isinstance(written.base, dict) else _beside(folder, written.base)
    found = base if isinstance(base, Base) else base_from(base)
    return _Speller(written, file, folder, found).batch(limit)


def _beside(folder: Path, name: str) -> Path:
    """A path from the scenario file's folder, shown from here where that is shorter."""
    path = folder / name
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


class _Speller:
    """Spells a scenario file out, collecting problems."""

    def __init__(self, written: ScenarioFile, file: str, folder: Path, base: Base) -> None:
        self.written, self.file, self.folder, self.base = written, file, folder, base
        self.problems: list[str] = []
        self.paths: dict[str, KeyPath | None] = {}

    def batch(self, limit: int | None) -> Batch:
        groups = [self._named(), *map(self._grid, self.written.grids), self._table(), self._monte_carlo()]
        if self.problems:
            raise InputError(self.problems)
        total = self.written.include_base + sum(count for count, _ in groups)
        if min(total, limit or total) > MOST_SCENARIOS:
            raise InputError(
                [f"{self.file}: {total:,} scenarios are more than {MOST_SCENARIOS:,}; drop values or keys"]
            )
        rows = itertools.chain(
            [("base", "base", ())] if self.written.include_base else [], *(rows for _, rows in groups)
        )
        scenarios = tuple(
            Scenario(number, name, source, changes)
            for number, (name, source, changes) in enumerate(itertools.islice(rows, limit), start=1)
        )
        if not scenarios:
            raise InputError([f"{self.file}: holds no scenario; add scenarios, grid, table or monte_carlo"])
        return Batch(self.written.name, self.file, self.base, scenarios, total)

    def _path(self, where: str, text: str) -> KeyPath | None:
        if text not in self.paths:
            try:
                self.paths[text] = key_path(text, self.base.config)
            except PathError as error:
                self.problems.append(f"{self.file}: {where}: {error}")
                self.paths[text] = None
        return self.paths[text]

    def _is_path(self, text: str) -> bool:
        """Whether a text names something in the base config."""
        try:
            return bool(key_path(text, self.base.config))
        except PathError:
            return False

    def _change(self, where: str, text: str, value: JsonValue, factor: bool = False) -> Change | None:
        path = self._path(where, text)
        if path is None:
            return None
        change = Change(path, value, factor)
        if factor:
            try:
                for place in path.places:
                    times(self.base, change, place)
            except PathError as error:
                self.problems.append(f"{self.file}: {where}: {error}")
                return None
        return change

    def _named(self) -> _Group:
        rows: list[_Row] = []
        names = [named.name for named in self.written.scenarios]
        for twice in sorted({name for name in names if names.count(name) > 1}):
            self.problems.append(
                f"{self.file}: scenarios: name '{twice}' stands twice; every scenario needs its own"
            )
        for i, named in enumerate(self.written.scenarios):
            changes = [self._change(f"scenarios[{i}].set", text, value) for text, value in named.set.items()]
            changes += [
                self._change(f"scenarios[{i}].multiply", text, value, True)
                for text, value in named.multiply.items()
            ]
            rows.append((named.name, "scenarios", tuple(c for c in changes if c)))
        return len(rows), iter(rows)

    def _grid(self, grid: Grid) -> _Group:
        axes: list[list[Change]] = []
        for text, axis in grid.items():
            values = axis.values if isinstance(axis, Axis) else list(axis)
            factor = isinstance(axis, Axis) and axis.multiply is not None
            changes = [self._change("grid", text, value, factor) for value in values]
            axes.append([change for change in changes if change])
        count = prod(map(len, axes)) if axes else 0
        rows: Iterator[_Row] = (
            (_name(changes), "grid", changes) for changes in (itertools.product(*axes) if axes else ())
        )
        return count, rows

    def _table(self) -> _Group:
        if self.written.table is None:
            return 0, iter(())
        name = self.written.table
        try:
            with (self.folder / name).open(encoding="utf-8-sig", newline="") as lines:
                reader = csv.DictReader(lines)
                records, header = list(reader), [str(key).strip() for key in reader.fieldnames or ()]
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            self.problems.append(f"{self.file}: table: {name}: cannot be read: {error}")
            return 0, iter(())
        # any file may be named: the text of one that is no table is nobody's business
        if not any(key != "name" and self._is_path(key) for key in header):
            self.problems.append(
                f"{self.file}: table: {name}: no column is a key path, such as workloads.chat.demand_tokens_per_s"
            )
            return 0, iter(())
        rows: list[_Row] = []
        for line, record in enumerate(records, start=2):
            where = f"table: {name}, line {line}"
            if None in record or None in record.values():
                self.problems.append(f"{self.file}: {where}: has another number of cells than the header")
                continue
            cells = {key.strip(): cell.strip() for key, cell in record.items() if key.strip() != "name"}
            changes = [
                self._change(where, key, self._cell(where, cell)) for key, cell in cells.items() if cell
            ]
            kept = tuple(change for change in changes if change)
            rows.append((record.get("name") or _name(kept), "table", kept))
        return len(rows), iter(rows)

    def _cell(self, where: str, cell: str) -> JsonValue:
        """A cell as YAML reads it: numbers, true, null, [fp8, bf16]."""
        try:
            value: JsonValue = parse_yaml(cell, where)
        except CatalogError as error:
            self.problems += [f"{self.file}: {problem}" for problem in error.problems]
            return None
        return value

    def _monte_carlo(self) -> _Group:
        asked = self.written.monte_carlo
        if asked is None:
            return 0, iter(())
        columns: list[list[Change]] = []
        for text, distribution in asked.distributions.items():
            factor = not isinstance(distribution, Choice) and distribution.factor
            if self._change("monte_carlo", text, 1.0, factor) is None:
                continue
            path = self.paths[text]
            assert path is not None
            values = draws(distribution, path.text, asked.seed, min(asked.samples, MOST_SCENARIOS))
            columns.append([Change(path, value, factor) for value in values])
        rows: Iterator[_Row] = (
            (f"sample {i}", "monte_carlo", changes)
            for i, changes in enumerate(zip(*columns, strict=True), start=1)
        )
        return asked.samples, rows


_Row = tuple[str, str, tuple[Change, ...]]
_Group = tuple[int, Iterator[_Row]]


def _name(changes: tuple[Change, ...]) -> str:
    """`h100-sxm.price_usd_per_hour=2, chat.demand_tokens_per_s=40000`: the end of each path tells it apart."""
    return ", ".join(f"{_short(change)}={shown(change.value)}" for change in changes) or "unchanged"


def _short(change: Change) -> str:
    parts = change.path.text.replace("[", ".").replace("]", "").split(".")
    unclear = len(parts) > 2 and (parts[-2].isdigit() or parts[-2] == "*")
    return ".".join(parts[-3 if unclear else -2 :]) + ("×" if change.factor else "")
