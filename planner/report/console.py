"""The terminal that reports are printed to: its width, and tables that keep their words whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from planner.wording.numbers import DASH

PIPE_WIDTH = 100
"""Columns, at least, where output goes to a file or a pipe: nobody's window limits it."""
NO_LIMIT = 10_000
LONGEST_WORD = 16
"""Characters of a word that a text column keeps on one line, however narrow the window."""


def report_console() -> Console:
    """The console for standard output: as wide as the terminal, and `PIPE_WIDTH` or more where there is none."""
    console = Console(highlight=False)
    if not console.is_terminal and console.width < PIPE_WIDTH:
        return Console(highlight=False, width=PIPE_WIDTH)
    return console


@dataclass(frozen=True)
class Column:
    """A column: what it holds, its unit (shown below in the header), and whether it is text."""

    title: str
    unit: str = ""
    text: bool = False


def table(title: str, columns: Sequence[Column], rows: Sequence[Sequence[str]], total: bool = False) -> Table:
    """A table with units in the header; text wraps between words, numbers never break; `total`: the last row sums.

    Cells are plain text: names from configs are never read as markup. Columns without any entry are left out.
    """
    kept = [i for i in range(len(columns)) if not rows or any(row[i] not in ("", DASH) for row in rows)]
    units = any(columns[i].unit for i in kept)
    made = Table(
        title=Text(title, style="bold"), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False,
        show_edge=False, padding=(0, 1, 0, 0),
    )  # fmt: skip
    for i in kept:
        column = columns[i]
        header = Text(column.title)
        if units:
            header.append(f"\n{column.unit}", style="dim")
        entries = [column.title, column.unit, *(row[i] for row in rows)]
        longest = max(len(word) for entry in entries for word in (entry.split() if column.text else [entry]))
        made.add_column(
            header,
            justify="left" if column.text else "right",
            no_wrap=not column.text,
            overflow="fold",
            min_width=min(longest, LONGEST_WORD) if column.text else longest,
        )
    for position, row in enumerate(rows):
        last = total and position == len(rows) - 1
        made.add_row(*(Text(row[i]) for i in kept), style="bold" if last else None)
    return made


def print_table(made: Table, console: Console) -> None:
    """Print a table; where its numbers need more than the window has, it is wider than the window, never cut."""
    needed = Measurement.get(console, console.options.update(max_width=NO_LIMIT), made).minimum
    if needed > console.width:
        made.width = needed
    console.print(made, crop=False)
