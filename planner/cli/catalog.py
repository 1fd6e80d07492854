"""`fleetplan catalog`: what the shipped catalogue holds, with units, source and date; doubtful figures are marked."""

from __future__ import annotations

import csv
import io
import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.errors import InputError

if TYPE_CHECKING:
    from planner.cli.catalog_rows import Row


class CatalogKind(StrEnum):
    """Kinds of entries."""

    accelerators = "accelerators"
    architectures = "architectures"
    prices = "prices"
    assumptions = "assumptions"
    engines = "engines"
    accepted_lengths = "accepted-lengths"
    fleets = "fleets"


class CatalogOutput(StrEnum):
    """Forms of the answer."""

    table = "table"
    json = "json"
    csv = "csv"


def catalog(
    kind: Annotated[CatalogKind, typer.Argument(help="What to list.")],
    name: Annotated[str | None, typer.Argument(help="One entry, by name or alias, in full.")] = None,
    output: Annotated[
        CatalogOutput, typer.Option("--output", help="A table for people, or json or csv alone on stdout.")
    ] = CatalogOutput.table,
) -> None:
    """List accelerators, architectures, prices, assumption sets, engines, accepted lengths or fleets of the catalogue."""
    from fleets import catalog as shelves
    from fleets.errors import CatalogError
    from planner.cli.catalog_rows import rows

    word = shelves.KINDS[shelves.KINDS.index(kind.value)]
    try:
        records = rows(word, shelves.names(word) if name is None else (name,))
        entry = None if name is None or word == "prices" else shelves.shipped().shelf(word).get(name)
    except CatalogError as error:
        raise InputError(error.problems) from None
    if output is CatalogOutput.csv:
        sys.stdout.write(_csv(records))
    elif output is CatalogOutput.json:
        answer: Any = records if entry is None else entry.model_dump(mode="json")
        sys.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False) + "\n")
    elif entry is None:
        _print_table(f"{kind.value} ({len(records)})", records)
    else:
        _print_entry(entry.model_dump(mode="json", exclude_defaults=True))


def _csv(records: list[Row]) -> str:
    """One line per record under the union of their columns."""
    columns = list(dict.fromkeys(column for record in records for column in record))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


def _print_table(title: str, records: list[Row]) -> None:
    """A table whose long sources become numbered footnotes and whose doubtful figures carry a question mark."""
    from rich.table import Table

    console = _console()
    if not records:
        console.print(f"{title}: none")
        return
    columns = list(dict.fromkeys(column for record in records for column in record if column != "doubtful"))
    table = Table(title=title, title_justify="left")
    for column in columns:
        numeric = all(isinstance(record.get(column), int | float | None) for record in records)
        table.add_column(_heading(column), justify="right" if numeric else "left", overflow="fold")
    notes: dict[str, int] = {}
    for record in records:
        doubtful = str(record.get("doubtful") or "").split()
        cells = []
        for column in columns:
            if column == "source":
                cells.append(f"[{notes.setdefault(str(record[column]), len(notes) + 1)}]".replace("[", r"\["))
                continue
            mark = (
                "?"
                if column in doubtful or (column.endswith(("_tflops", "_tops")) and "tflops" in doubtful)
                else ""
            )
            value = record.get(column)
            cells.append(_cell(value) + (mark if value is not None else ""))
        table.add_row(*cells)
    console.print(table)
    if any(record.get("doubtful") for record in records):
        console.print("? sources disagree or the figure is unverified: `fleetplan catalog accelerators NAME`")
    for text, number in notes.items():
        console.print(rf"\[{number}] {text}", highlight=False)


def _print_entry(entry: dict[str, Any]) -> None:
    """One entry in full: a line per field, nested fields by their path."""
    from rich.table import Table

    doubtful = entry.get("doubtful", [])
    table = Table(title=str(entry.get("name", "")), title_justify="left", show_header=False)
    for path, value in _flat(entry):
        mark = " (doubtful)" if path.split(".")[0] in doubtful else ""
        table.add_row(path, f"{value}{mark}")
    _console().print(table)


def _flat(value: Any, path: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        if set(value) == {"name", "date"}:
            return [(path, f"{value['name']}, {value['date']}")]
        return [line for key, item in value.items() for line in _flat(item, f"{path}.{key}" if path else key)]
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return [line for number, item in enumerate(value) for line in _flat(item, f"{path}[{number}]")]
    return [(path, ", ".join(map(str, value)) if isinstance(value, list) else _cell(value))]


_HEADINGS = (
    ("_gb_s", "GB/s"),
    ("_gb", "GB"),
    ("_tflops", "TFLOP/s"),
    ("_tops", "TOP/s"),
    ("_w", "W"),
    ("_us", "µs"),
    ("_billion", "10⁹"),
)


def _heading(column: str) -> str:
    if column == "usd_per_hour":
        return "$/h"
    if column.startswith("tokens_per_step_"):
        return f"γ={column.rsplit('_', 1)[-1]}"
    for suffix, unit in _HEADINGS:
        if column.endswith(suffix):
            return f"{column.removesuffix(suffix).replace('_', ' ')} {unit}"
    return column.replace("_", " ")


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() and abs(value) >= 1000 else f"{value:g}"
    return str(value)


def _console() -> Any:
    """Rich console that does not cut columns when the output is piped."""
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=240)
