"""Measured: reads serving benchmarks from CSV; every row becomes a point of a catalogued model and system, or is
reported with its line number and the reason.

Columns: model, system, precision, isl, osl, concurrency, n_gpus, attn_tp, ttft_mean_ms, tpot_mean_ms; optional
attn_dp, ep, pp (default 1), backend, gemm_quant, kv_quant, measured_date, and length_share, the mean length over the
stated isl and osl (default 0.9: the load generators of the shipped sets' data draw lengths from 0.8 to 1.0 of the
maximum). Times are in the unit of their column's name.
"""

from __future__ import annotations

import csv
import datetime
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from fleets import catalog
from fleets.errors import UnknownName
from fleets.schema.architectures import Architecture
from planner.errors import InputError

REQUIRED = (
    "model", "system", "precision", "isl", "osl", "concurrency", "n_gpus", "attn_tp", "ttft_mean_ms", "tpot_mean_ms",
)  # fmt: skip
COLUMNS = (
    *REQUIRED,
    "attn_dp",
    "ep",
    "pp",
    "backend",
    "backend_version",
    "kv_quant",
    "length_share",
    "measured_date",
    "origin",
)
"""What `import benchmark` writes; readers ignore further columns."""

_WIDTHS = {"bf16": 16, "fp16": 16, "fp8": 8, "int8": 8, "fp4": 4, "nvfp4": 4, "mxfp4": 4, "int4": 4}
_BITS_OF = {"bf16": 16, "fp8": 8, "int8": 8, "fp4": 4, "nvfp4": 4, "mxfp4": 4, "int4": 4}
_KV = {"bf16": "bf16", "fp16": "bf16", "fp8": "fp8", "fp4": "fp4", "nvfp4": "fp4"}
_ISO_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
LENGTH_SHARE = 0.9
LONGEST_S = 3600.0
"""A mean time beyond this is taken for a wrong unit."""
SHORTEST_S = 5e-5
"""A mean time below this likewise: no accelerator reads a model in 50 µs."""


@dataclass(frozen=True)
class Point:
    """One usable measurement; times in seconds, lengths in tokens as the benchmark names them (maxima)."""

    line: int
    model: str
    """Catalogue name of the architecture."""
    system: str
    """Catalogue name of the accelerator."""
    weight_precision: str
    kv_precision: str
    engine: str
    input_tokens: float
    output_tokens: float
    concurrency: float
    accelerators: int
    tensor: int
    attention_groups: int
    expert_parallel: bool
    pipeline: int
    tpot_s: float
    ttft_s: float | None
    date: str
    length_share: float
    """Mean length over `input_tokens` and `output_tokens`."""

    @property
    def cell(self) -> str:
        """model | system | precision: what cross-validation leaves out together."""
        return f"{self.model} | {self.system} | {self.weight_precision}"


@dataclass(frozen=True)
class Rejected:
    """A row that is left out, and why."""

    line: int
    reason: str
    unknown: str = ""
    """Name of a model or system that the catalogue does not have."""
    file: str = ""


@dataclass(frozen=True)
class Measurements:
    """All rows of one or several files: usable points, and the rest with reasons."""

    files: tuple[str, ...]
    points: tuple[Point, ...]
    rejected: tuple[Rejected, ...]

    @property
    def unknown_names(self) -> dict[str, int]:
        """Rows lost to each model or system that the catalogue does not have."""
        return dict(Counter(row.unknown for row in self.rejected if row.unknown))

    @property
    def dates(self) -> str:
        """First and last date of the points, `2025-10-29 to 2026-03-28`; empty when the file has none."""
        dates = sorted({point.date for point in self.points if point.date})
        return "" if not dates else dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"

    @property
    def last_date(self) -> str:
        """Last date in ISO form; today's when the file has none."""
        dated = [point.date for point in self.points if _ISO_DATE.fullmatch(point.date)]
        return max(dated, default=datetime.date.today().isoformat())

    def of_engine(self, engine: str) -> Measurements:
        """The points of one engine (`backend` column); raises `InputError` when there is none."""
        known = sorted({point.engine for point in self.points if point.engine})
        if engine not in known:
            raise InputError(
                [f"no row has backend '{engine}'; the file has {', '.join(known) or 'none named'}"]
            )
        kept = tuple(point for point in self.points if point.engine == engine)
        return Measurements(self.files, kept, self.rejected)


def read_measurements(paths: Iterable[Path]) -> Measurements:
    """Points of CSV files in the order of their lines.

    Raises `InputError` when a file cannot be read, lacks a required column, or has no usable row at all.
    """
    points: list[Point] = []
    rejected: list[Rejected] = []
    names: list[str] = []
    for path in paths:
        names.append(path.name)
        for line, row in _rows(path):
            found = _point(line, row)
            if isinstance(found, Point):
                points.append(found)
            else:
                rejected.append(replace(found, file=path.name))
    if not points:
        reasons = [f"{row.file}: line {row.line}: {row.reason}" for row in rejected[:20]] or [
            "the file has no rows"
        ]
        raise InputError([f"{', '.join(names)}: no usable row", *reasons])
    return Measurements(tuple(names), tuple(points), tuple(rejected))


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle)
            missing = [name for name in REQUIRED if name not in (reader.fieldnames or ())]
            if missing:
                needed = f"a measured file has {', '.join(REQUIRED)}"
                raise InputError([f"{path.name}: column '{name}' is missing; {needed}" for name in missing])
            return [
                (reader.line_num, {k: v or "" for k, v in row.items() if isinstance(k, str)})
                for row in reader
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError([f"{path}: cannot be read: {error}"]) from None


def _point(line: int, row: Mapping[str, str]) -> Point | Rejected:
    try:
        architecture = catalog.architecture(row["model"].strip())
    except UnknownName as error:
        return Rejected(line, error.problems[0], row["model"])
    try:
        system = catalog.accelerator(row["system"].strip()).name
    except UnknownName as error:
        return Rejected(line, error.problems[0], row["system"])
    try:
        counts = {
            name: _count(row, name, default)
            for name, default in (("n_gpus", None), ("attn_tp", None), ("attn_dp", 1), ("ep", 1), ("pp", 1))
        }
        if counts["attn_tp"] * counts["attn_dp"] * counts["pp"] != counts["n_gpus"]:
            raise _BadRowError(
                f"attn_tp·attn_dp·pp = {counts['attn_tp']}·{counts['attn_dp']}·{counts['pp']} differs from "
                f"n_gpus = {counts['n_gpus']}"
            )
        weight_precision = _weight_precision(row["precision"].strip().lower(), architecture)
        return Point(
            line=line,
            model=architecture.name,
            system=system,
            weight_precision=weight_precision,
            kv_precision=_kv_precision(row, weight_precision),
            engine=row.get("backend", "").strip().lower(),
            input_tokens=_positive(row, "isl"),
            output_tokens=_positive(row, "osl", least=2.0),
            concurrency=_positive(row, "concurrency", least=1.0),
            accelerators=counts["n_gpus"],
            tensor=counts["attn_tp"],
            attention_groups=counts["attn_dp"],
            expert_parallel=counts["ep"] > 1,
            pipeline=counts["pp"],
            tpot_s=_seconds(row, "tpot_mean_ms"),
            ttft_s=_seconds(row, "ttft_mean_ms") if row["ttft_mean_ms"].strip() else None,
            date=row.get("measured_date", "").strip(),
            length_share=_positive(row, "length_share")
            if row.get("length_share", "").strip()
            else LENGTH_SHARE,
        )
    except _BadRowError as error:
        return Rejected(line, str(error))


class _BadRowError(ValueError):
    """A row that cannot be used; the message says why."""


def _weight_precision(name: str, architecture: Architecture) -> str:
    """The schema's name; a 4-bit row of a model published in a 4-bit format means that format."""
    if name not in _WIDTHS:
        raise _BadRowError(f"precision '{name}' is unknown; known are {', '.join(_WIDTHS)}")
    published = architecture.weight_precision
    if _WIDTHS[name] == 4 and _BITS_OF.get(published) == 4:
        return published
    return "bf16" if name == "fp16" else name


def _kv_precision(row: Mapping[str, str], weight_precision: str) -> str:
    """`kv_quant`; where a row has none, what engines take by themselves: 8 bits with per-tensor fp8 checkpoints, whose
    calibration includes KV scales, and 16 bits with every other, block-scaled fp8 (`gemm_quant: fp8_block`) included."""
    named = row.get("kv_quant", "").strip().lower()
    if named in ("", "auto"):
        per_tensor = weight_precision == "fp8" and row.get("gemm_quant", "").strip().lower() == "fp8"
        return "fp8" if per_tensor else "bf16"
    if named not in _KV:
        raise _BadRowError(f"kv_quant '{named}' is unknown; known are auto, {', '.join(_KV)}")
    return _KV[named]


def _number(row: Mapping[str, str], name: str) -> float:
    text = row.get(name, "").strip()
    if not text:
        raise _BadRowError(f"{name} is missing")
    try:
        value = float(text)
    except ValueError:
        raise _BadRowError(f"{name} = '{text}' is not a number") from None
    if not math.isfinite(value):
        raise _BadRowError(f"{name} = {text} is not finite")
    return value


def _positive(row: Mapping[str, str], name: str, least: float = 0.0) -> float:
    value = _number(row, name)
    if value <= 0 or value < least:
        raise _BadRowError(f"{name} = {value:g} must be {'positive' if not least else f'at least {least:g}'}")
    return value


def _count(row: Mapping[str, str], name: str, default: int | None) -> int:
    if default is not None and not row.get(name, "").strip():
        return default
    value = _positive(row, name)
    if value != int(value):
        raise _BadRowError(f"{name} = {value:g} must be a whole number")
    return int(value)


def _seconds(row: Mapping[str, str], name: str) -> float:
    value = _positive(row, name) / 1e3
    if value > LONGEST_S:
        raise _BadRowError(f"{name} = {value * 1e3:g} ms is more than an hour; is it in microseconds?")
    if value < SHORTEST_S:
        raise _BadRowError(f"{name} = {value * 1e3:g} ms is less than 50 µs; is it in seconds?")
    return value
