"""A table ready to be shown: headings with units, cells as text beside the value they sort by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from planner.wording.numbers import DASH, known, number, share

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Heading:
    """Title and unit of a column; numbers stand right."""

    title: str
    unit: str = ""
    numeric: bool = False


@dataclass(frozen=True)
class Cell:
    """What is shown, and what the column is sorted by (empty: always last)."""

    text: str
    sort: str = ""


@dataclass(frozen=True)
class TableView:
    """A table with one record per row; `total` is a last row that stays last."""

    key: str
    title: str
    headings: tuple[Heading, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] | None = None
    caption: str = ""


@dataclass(frozen=True)
class Field:
    """How one column is made from a record."""

    heading: Heading
    cell: Callable[[Record], Cell]


def text(title: str, key: str) -> Field:
    """A column of text."""

    def cell(record: Record) -> Cell:
        value = record.get(key)
        shown = "" if value is None else str(value)
        return Cell(shown or DASH, shown)

    return Field(Heading(title), cell)


def quantity(title: str, unit: str, key: str, digits: int = 0) -> Field:
    """A column of numbers in a unit."""
    return computed(title, unit, lambda record: record.get(key), digits)


def computed(title: str, unit: str, value: Callable[[Record], Any], digits: int = 0) -> Field:
    """A column of numbers computed from the record."""

    def cell(record: Record) -> Cell:
        found = value(record)
        return Cell(number(found, digits), repr(float(found)) if known(found) else "")

    return Field(Heading(title, unit, numeric=True), cell)


def percentage(title: str, value: Callable[[Record], Any]) -> Field:
    """A column of shares, shown in percent."""

    def cell(record: Record) -> Cell:
        found = value(record)
        return Cell(share(found), repr(float(found)) if known(found) else "")

    return Field(Heading(title, "%", numeric=True), cell)


def table_view(
    key: str, title: str, fields: Sequence[Field], records: Sequence[Record], caption: str = "",
    total: Record | None = None, keep_empty: bool = False,
) -> TableView:  # fmt: skip
    """Lay records out; a column in which no row has an entry is left out unless `keep_empty`."""
    rows = [tuple(field.cell(record) for field in fields) for record in records]
    kept = [
        i
        for i in range(len(fields))
        if keep_empty or not rows or any(row[i].text not in ("", DASH) for row in rows)
    ]
    last = None
    if total is not None:
        cells = [field.cell(total) for field in fields]
        last = tuple(Cell("" if cells[i].text == DASH else cells[i].text) for i in kept)
    return TableView(
        key,
        title,
        tuple(fields[i].heading for i in kept),
        tuple(tuple(row[i] for i in kept) for row in rows),
        last,
        caption,
    )
