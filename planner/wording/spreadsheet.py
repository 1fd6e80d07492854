"""CSV that a spreadsheet can open without harm: text that would be a formula gets an apostrophe in front."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_STARTS = ("=", "+", "-", "@", "\t", "\n")


def safe(text: str) -> str:
    """Text as a cell; one that starts like a formula (also after blanks) is neutralised, numbers never come here.

    Line ends become one kind, which the writer quotes.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if text.startswith(_STARTS) or text.lstrip().startswith(_STARTS) else text


def header(columns: Iterable[str]) -> str:
    """The first line."""
    return line(columns)


def line(cells: Iterable[Any]) -> str:
    """One line; None is an empty cell, numbers keep every digit."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(
        ["" if cell is None else safe(cell) if isinstance(cell, str) else cell for cell in cells]
    )
    return text.getvalue()


def table(frame: pd.DataFrame) -> str:
    """A whole table: header and rows; what is absent is an empty cell."""
    rows = (line(_present(cell) for cell in row) for row in frame.itertuples(index=False))
    return header(map(str, frame.columns)) + "".join(rows)


def _present(cell: Any) -> Any:
    return None if isinstance(cell, float) and cell != cell else cell
