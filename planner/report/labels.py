"""Tables of records whose columns are not known beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from planner.report.table_view import Cell, Heading, TableView
from planner.wording.numbers import DASH, known, short
from planner.wording.units import title_and_unit


def any_cell(value: Any) -> Cell:
    """A cell for whatever stands in a record."""
    if value is None or value == "" or (isinstance(value, float) and not known(value)):
        return Cell(DASH)
    if known(value):
        return Cell(short(float(value)), repr(float(value)))
    if isinstance(value, bool):
        return Cell("yes" if value else "no", str(value))
    if isinstance(value, Mapping):
        return Cell(", ".join(f"{key} {any_cell(entry).text}" for key, entry in value.items()))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return Cell(", ".join(any_cell(entry).text for entry in value))
    return Cell(str(value), str(value))


def any_table(key: str, title: str, records: Sequence[Mapping[str, Any]], caption: str = "") -> TableView:
    """Records of any columns as a table; numeric where every entry is a number."""
    names = list(dict.fromkeys(name for record in records for name in record))
    headings = []
    for name in names:
        numeric = all(known(v) or v is None for v in (record.get(name) for record in records))
        shown, unit = title_and_unit(str(name))
        headings.append(Heading(shown, unit, numeric))
    rows = tuple(tuple(any_cell(record.get(name)) for name in names) for record in records)
    return TableView(key, title, tuple(headings), rows, caption=caption)
