"""Read measured profiles: CSV files to checked rows, every bad row of every file reported at once.

Columns `model, accelerator, gpus, workload, requests_per_s` and optional `role, tpot_ms, ttft_ms, label`: one instance on
that many accelerators serves at most that rate of that workload. Accelerators are named as in the fleet (catalogue
name, alias or a name of the user's own). A rate of 0 says that the workload is not served there.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from fleets import catalog
from fleets.errors import UnknownName
from formulations.options import Role

REQUIRED = ("model", "accelerator", "gpus", "workload", "requests_per_s")
OPTIONAL = ("role", "tpot_ms", "ttft_ms", "label")
ROLES: tuple[Role, ...] = get_args(Role)
MOST_GPUS = 10_000_000
MOST_RATE = 1e12
LEAST_RATE = 1e-9
"""One request in thirty years; less is a mistake, and no number that a solver can weigh against others."""


@dataclass(frozen=True)
class ProfileRow:
    """One measured capacity: `requests_per_s` of a workload on one instance of `gpus` accelerators."""

    file: str
    line: int
    model: str
    accelerator: str
    gpus: int
    workload: str
    requests_per_s: float
    role: Role = "aggregated"
    tpot_ms: float | None = None
    """Time per output token that it was measured at; None: taken to be within the workload's SLA."""
    ttft_ms: float | None = None
    label: str = ""

    @property
    def instance(self) -> tuple[str, str, int, Role, str]:
        """What makes rows one option: model, accelerator, size, role and label."""
        return self.model, self.accelerator, self.gpus, self.role, self.label

    @property
    def where(self) -> str:
        return f"{self.file}, line {self.line}"


def read_profiles(names: Sequence[str], folder: Path) -> tuple[tuple[ProfileRow, ...], list[str]]:
    """All rows of the CSV files `names` (relative to `folder`), and all problems, each with file and line."""
    rows: list[ProfileRow] = []
    problems: list[str] = []
    for name in names:
        text = _text(folder / name, name, problems)
        if text is not None:
            rows += _parse(text, name, problems)
    problems += _twins(rows)
    return tuple(rows), problems


def accelerator_name(name: str) -> str:
    """The catalogue's name behind an alias; any other name as it stands."""
    try:
        return catalog.accelerator(name).name
    except UnknownName:
        return name


def _text(path: Path, name: str, problems: list[str]) -> str | None:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        problems.append(
            f"{name}: no such file (looked for {path}); profiles are found from the config's folder"
        )
        return None
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{name}: cannot be read: {error}; save it as UTF-8 text")
        return None
    if not text.strip():
        problems.append(f"{name}: is empty; its first line names the columns {', '.join(REQUIRED)}")
        return None
    return text


def _parse(text: str, file: str, problems: list[str]) -> list[ProfileRow]:
    reader = csv.reader(io.StringIO(text), skipinitialspace=True)
    try:
        lines = [(reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        problems.append(f"{file}, line {reader.line_num}: is no CSV: {error}")
        return []
    header = [cell.strip() for cell in lines[0][1]]
    found = len(problems)
    missing = [column for column in REQUIRED if column not in header]
    unknown = [column for column in header if column not in REQUIRED + OPTIONAL]
    twice = sorted({column for column in header if header.count(column) > 1})
    if missing:
        problems.append(
            f"{file}, line 1: column {', '.join(missing)} is missing; needs {', '.join(REQUIRED)}"
        )
    if (
        unknown and len(missing) < len(REQUIRED) / 2
    ):  # else it is no profile at all, and its text nobody's business
        known = ", ".join(REQUIRED + OPTIONAL)
        problems.append(
            f"{file}, line 1: column {', '.join(map(repr, unknown))} is not known; columns: {known}"
        )
    if twice:
        problems.append(f"{file}, line 1: column {', '.join(twice)} stands twice; keep one")
    if len(problems) > found:
        return []
    rows = []
    for line, cells in lines[1:]:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            problems.append(f"{file}, line {line}: has {len(cells)} cells, the header {len(header)} columns")
            continue
        values = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        row = _row(values, file, line, problems)
        if row is not None:
            rows.append(row)
    return rows


def _row(values: dict[str, str], file: str, line: int, problems: list[str]) -> ProfileRow | None:
    found = len(problems)

    def fail(column: str, message: str) -> None:
        problems.append(f"{file}, line {line}: {column} = {values.get(column, '')!r} {message}")

    def number(column: str, unit: str, most: float, zero: bool, least: float = 0.0) -> float:
        try:
            value = float(values[column])
        except ValueError:
            value = math.nan
        if not ((0 < value <= most and value >= least) or (zero and value == 0)):
            span = f"from {least:g}" if least else f"{'from' if zero else 'above'} 0"
            fail(column, f"is not a number {span} to {most:g}{' or 0' if zero and least else ''} [{unit}]")
        return value

    for column in ("model", "accelerator", "workload"):
        if not values[column]:
            fail(column, "is empty; give a name")
    gpus = number("gpus", "GPUs per instance", MOST_GPUS, zero=False)
    if math.isfinite(gpus) and gpus != round(gpus):
        fail("gpus", "is not a whole number [GPUs per instance]")
    rate = number("requests_per_s", "requests/s of one instance", MOST_RATE, zero=True, least=LEAST_RATE)
    tpot = number("tpot_ms", "ms", MOST_RATE, zero=False) if values.get("tpot_ms") else None
    ttft = number("ttft_ms", "ms", MOST_RATE, zero=True) if values.get("ttft_ms") else None
    named = values.get("role") or "aggregated"
    role = next((known for known in ROLES if known == named), None)
    if role is None:
        fail("role", f"is none of {', '.join(ROLES)}")
    if len(problems) > found or role is None:
        return None
    return ProfileRow(
        file, line, values["model"], accelerator_name(values["accelerator"]), int(gpus), values["workload"], rate,
        role, tpot, ttft, values.get("label", ""),
    )  # fmt: skip


def _twins(rows: list[ProfileRow]) -> list[str]:
    """Rows that give the same cell twice."""
    seen: dict[tuple[object, ...], ProfileRow] = {}
    problems = []
    for row in rows:
        first = seen.setdefault((*row.instance, row.workload), row)
        if first is not row:
            problems.append(
                f"{row.where}: gives {row.workload} on {row.gpus} {row.accelerator} of {row.model} again, first in "
                f"{first.where}; keep one, or tell them apart by label"
            )
    return problems
