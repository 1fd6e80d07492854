"""Points of `fleetplan step-time`: the columns of a table checked all at once, each problem with its row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fleets import catalog
from fleets.errors import CatalogError
from formulations.physics.arrays import FloatArray, floats
from planner.errors import InputError

ALIASES = {"gpu": "accelerator", "approx_model": "draft"}
"""Columns of the paper's tables under our names."""
KINDS: dict[str, catalog.Kind] = {
    "model": "architectures",
    "draft": "architectures",
    "accelerator": "accelerators",
}
"""Columns that hold names of the catalogue."""
LAYOUT_COLUMNS = ("two_d", "n_pp")
"""A row that fills both gives its layout instead of leaving it to the search."""
FIRST_ROW = 2
"""Line of the first point in the file; the header is line 1."""


@dataclass(frozen=True)
class Column:
    """A column that a point may have: what a blank means, and the values that make sense."""

    blank: float | None
    """None: a blank is an error."""
    allowed: Callable[[float], bool]
    domain: str


def _flag(value: float) -> bool:
    return value in (0.0, 1.0)


COLUMNS = {
    "n_gpu": Column(None, lambda v: 1 <= v <= 1e9, "at least 1 [accelerators]"),
    "batch": Column(None, lambda v: 1 <= v <= 1e12, "at least 1 [sequences]"),
    "input_len": Column(0.0, lambda v: 0 <= v <= 1e12, "at least 0 [tokens of context]"),
    "seq_len": Column(1.0, lambda v: 1 <= v <= 1e6, "at least 1 [tokens in flight per sequence]"),
    "use_pp": Column(0.0, _flag, "0 or 1 (whether pipeline degrees are searched)"),
    "acceptance": Column(0.8, lambda v: 0 < v <= 1, "above 0 and at most 1"),
    "gamma_max": Column(5.0, lambda v: 0 <= v <= 64 and v == int(v), "a whole number from 0 to 64"),
    "two_d": Column(np.nan, _flag, "0 or 1 (2D tensor parallelism)"),
    "n_pp": Column(np.nan, lambda v: 1 <= v <= 1e6, "at least 1 [pipeline stages]"),
    "n_ep": Column(1.0, lambda v: 1 <= v <= 1e6, "at least 1 [expert groups]"),
}
_SCALEDOWN_FLAG = Column(1.0, _flag, "0 or 1 (whether attention scale-downs are searched)")
_SCALEDOWN_DEGREE = Column(
    1.0, lambda v: 1 <= v <= 1e9, "at least 1 [attention scale-down of the given layout]"
)


def check_points(points: pd.DataFrame, source: str) -> pd.DataFrame:
    """Our columns, blanks filled, in the order of the rows; `given_layout` says which rows bring their layout.

    Raises `InputError` with every problem: missing columns, unknown names, values outside their domain, by row.
    """
    renamed = points.rename(columns={old: new for old, new in ALIASES.items() if new not in points.columns})
    missing = [name for name in ("model", "accelerator", "n_gpu", "batch") if name not in renamed.columns]
    if missing:
        raise InputError([f"{source}: column {name} is missing; add it to the header" for name in missing])
    renamed = _in_our_words(renamed)
    problems: list[str] = []
    checked = pd.DataFrame(index=pd.RangeIndex(len(renamed)))
    checked["model"] = _names(renamed["model"], catalog.architecture, source, problems)
    checked["accelerator"] = _names(renamed["accelerator"], catalog.accelerator, source, problems)
    checked["draft"] = ""
    if "draft" in renamed.columns:
        checked["draft"] = _names(renamed["draft"], catalog.architecture, source, problems, optional=True)
    for name, column in COLUMNS.items():
        checked[name] = _numbers(renamed, name, column, source, problems)
    checked["given_layout"] = checked[list(LAYOUT_COLUMNS)].notna().all(axis=1)
    checked["attn_scaledown"] = _scaledown(renamed, checked["given_layout"].to_numpy(), source, problems)
    both = checked["given_layout"] & (checked["draft"] != "")
    problems += [
        f"{source}: row {row + FIRST_ROW}: draft with a given layout is not possible; leave two_d and n_pp blank"
        for row in np.flatnonzero(both)
    ]
    if problems:
        raise InputError(problems)
    return checked


def _in_our_words(points: pd.DataFrame) -> pd.DataFrame:
    """Rows whose model is named as in the paper's public code with the catalogue's names: they mean its accelerators."""
    models = [catalog.of_paper("architectures", str(name)) for name in points["model"]]
    if not any(models):
        return points
    changed = points.copy()
    for column, kind in KINDS.items():
        if column in points.columns:
            changed[column] = [
                (catalog.of_paper(kind, str(name)) or name) if model else name
                for name, model in zip(points[column], models, strict=True)
            ]
    return changed


def _scaledown(points: pd.DataFrame, given: Any, source: str, problems: list[str]) -> FloatArray:
    """A degree where the row gives its layout, else whether to search degrees."""
    values = np.ones(len(points))
    for rows, column in ((given, _SCALEDOWN_DEGREE), (~given, _SCALEDOWN_FLAG)):
        values[rows] = _numbers(points, "attn_scaledown", column, source, problems, rows)[rows]
    return values


def _numbers(
    points: pd.DataFrame, name: str, column: Column, source: str, problems: list[str], rows: Any = None
) -> FloatArray:
    """The column as numbers; problems only of `rows` where they are given."""
    if name not in points.columns:
        return np.full(len(points), np.nan if column.blank is None else column.blank)
    given = points[name]
    values = pd.to_numeric(given, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    blank = given.isna().to_numpy() | (given.astype(str).str.strip() == "").to_numpy()
    if column.blank is not None:
        values = np.where(blank, column.blank, values)
        judged = ~blank
    else:
        judged = np.ones(len(points), dtype=bool)
    if rows is not None:
        judged = judged & rows
    for row in np.flatnonzero(judged):
        if not column.allowed(float(values[row])):
            shown = "blank" if blank[row] else given.iloc[row]
            problems.append(f"{source}: row {row + FIRST_ROW}: {name} = {shown}; must be {column.domain}")
    return floats(values)


def _names(
    given: pd.Series[Any],
    look_up: Callable[[str], Any],
    source: str,
    problems: list[str],
    optional: bool = False,
) -> list[str]:
    """Names that the catalogue knows; each unknown one is reported once, at its first row."""
    names = ["" if pd.isna(value) else str(value).strip() for value in given]
    for name in dict.fromkeys(names):
        where = f"{source}: row {names.index(name) + FIRST_ROW}: {given.name}"
        if not name and not optional:
            problems.append(f"{where} is empty; name an entry of `fleetplan catalog`")
        elif name:
            try:
                look_up(name)
            except CatalogError as error:
                problems += [f"{where}: {problem}" for problem in error.problems]
    return names
