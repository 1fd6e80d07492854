"""Tables for people that keep their numbers whole: a terminal too narrow wraps lines instead of cutting cells."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

_WIDEST = 400


def print_wide(table: Table) -> None:
    """Print `table` on stdout as wide as its content needs."""
    from rich.console import Console
    from rich.measure import Measurement

    console = Console(file=sys.stdout)
    terminal, console.width = console.width, _WIDEST
    console.width = max(terminal, Measurement.get(console, console.options, table).maximum)
    console.print(table)
