"""`fleetplan compare`: two plans or two runs, what changed and by how much, in dollars per hour and accelerators."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

    from planner.batch.compare import Comparison
    from planner.report.console import Column


class CompareOutput(StrEnum):
    """Forms of the answer."""

    table = "table"
    json = "json"
    csv = "csv"


def compare(
    a: Annotated[str, typer.Argument(help="A plan (JSON of solve --output json), or the folder of a run.")],
    b: Annotated[str, typer.Argument(help="The other plan, or the other run's folder.")],
    output: Annotated[
        CompareOutput, typer.Option("--output", "-o", help="Form of the comparison on standard output.")
    ] = CompareOutput.table,
) -> None:
    """Show what changed from A to B in $/h and accelerators: two plans, or two runs scenario by scenario."""
    from planner.batch.compare import compare as compare_files

    found = compare_files(a, b)
    if output is CompareOutput.json:
        print(json.dumps(found.to_dict(), indent=2, ensure_ascii=False, allow_nan=False))
    elif output is CompareOutput.csv:
        _write_csv(found)
    else:
        _print(found)


def _write_csv(found: Comparison) -> None:
    """The most detailed table: scenarios of runs, deployments of plans."""
    from planner.wording.spreadsheet import table

    sys.stdout.write(table(found.tables["scenarios" if found.what == "runs" else "instances"]))


Maker = tuple["Column", Callable[[Mapping[str, Any]], str]]

TITLES = {"weight_precision": "weights", "kv_precision": "KV", "gpus_per_instance": "GPUs each"}
MOST_ROWS = 40


def _print(found: Comparison) -> None:
    from planner.report.console import print_table, report_console, table

    console = report_console()
    console.print(f"A = {found.names[0]}\nB = {found.names[1]}\n", markup=False)
    for title, frame in found.tables.items():
        shown = frame if title == "total" else frame[_changed(frame)]
        if shown.empty:
            console.print(f"{title}: nothing changed\n", markup=False)
            continue
        makers = _makers(found.what, title, shown)
        rows = [[cell(row) for _, cell in makers] for row in shown.head(MOST_ROWS).to_dict("records")]
        print_table(table(title, [column for column, _ in makers], rows), console)
        left_out = len(shown) - MOST_ROWS
        console.print(f"and {left_out:,} more; --output csv has all\n" if left_out > 0 else "", markup=False)
    for note in found.notes:
        console.print(f"note: {note}", markup=False)


def _changed(frame: pd.DataFrame) -> pd.Series[bool]:
    """Rows in which some figure, or the status, is another one."""
    import pandas as pd

    changed = pd.Series(False, index=frame.index)
    for name in map(str, frame.columns):
        if name.endswith("_change"):
            changed |= frame[name].abs() > SMALL
            first, second = (frame[f"{name.removesuffix('change')}{side}"].isna() for side in ("a", "b"))
            changed |= first != second
    if "status_a" in frame:
        changed |= frame["status_a"] != frame["status_b"]
    return changed


SMALL = 1e-9
"""Changes below this are rounding."""


def _makers(what: str, title: str, frame: pd.DataFrame) -> list[Maker]:
    """Columns of one table and how their cells are made."""
    if title == "total" and what == "runs":
        return [
            _plain("scenarios", "scenarios"), _plain("with a plan in both", "with_a_plan_in_both"),
            _plain("cheaper in B", "cheaper"), _plain("dearer in B", "dearer"),
            _signed("mean change", "$/h", "usd_per_hour_change_mean"),
            _signed("least", "$/h", "usd_per_hour_change_least"),
            _signed("most", "$/h", "usd_per_hour_change_most"), _signed("GPUs, mean", "", "gpus_change_mean", 1),
        ]  # fmt: skip
    if title == "scenarios":
        types = [
            name.removesuffix("_change") for name in map(str, frame.columns)
            if name.startswith("gpus.") and name.endswith("_change") and (frame[name].abs() > 0).any()
        ]  # fmt: skip
        return [
            _text("scenario", "name"), _text("A", "status_a"), _text("B", "status_b"),
            *_triple("cost", "$/h", "usd_per_hour", 2),
            *_triple("GPUs", "", "gpus_total", 0),
            *(_signed(f"{name.removeprefix('gpus.')} change", "", f"{name}_change", 0) for name in types),
        ]  # fmt: skip
    if title == "total":
        return [
            _text("A", "status_a"), _text("B", "status_b"), *_triple("cost", "$/h", "usd_per_hour", 2),
            *_triple("GPUs", "", "gpus", 0),
        ]  # fmt: skip
    keys = [
        name
        for name in map(str, frame.columns)
        if not name.endswith(("_a", "_b", "_change")) and "usd_from" not in name
    ]
    makers = [_text(TITLES.get(name, name), name) for name in keys if (frame[name].astype(str) != "").any()]
    figures = {
        "supply": (("GPUs", "", "gpus", 0), ("cost", "$/h", "usd_per_hour", 2)),
        "instances": (("instances", "", "instances", 0), ("cost", "$/h", "usd_per_hour", 2)),
        "workloads": (
            ("tokens", "/s", "demand_tokens_per_s", 0),
            ("price", "$/M tokens", "usd_per_million_tokens", 3),
        ),
    }[title]
    for figure in figures:
        makers += _triple(*figure)
    if title == "supply":
        makers += [_signed("by GPUs", "$/h", "usd_from_gpus"), _signed("by price", "$/h", "usd_from_price")]
    return makers


def _text(title: str, key: str) -> Maker:
    from planner.report.console import Column

    def cell(row: Mapping[str, Any]) -> str:
        value = row[key]
        return (
            ""
            if value is None or value != value
            else f"{value:g}"
            if isinstance(value, float)
            else str(value)
        )

    return Column(title, text=True), cell


def _plain(title: str, key: str, unit: str = "", digits: int = 0) -> Maker:
    from planner.report.console import Column
    from planner.wording.numbers import number

    return Column(title, unit), lambda row: number(row[key], digits)


def _signed(title: str, unit: str, key: str, digits: int = 2) -> Maker:
    from planner.report.console import Column
    from planner.wording.numbers import number

    def cell(row: Mapping[str, Any]) -> str:
        value = row[key]
        if value == value and abs(value) <= SMALL:
            return "0"
        return f"+{number(value, digits)}" if value > 0 else number(value, digits)

    return Column(title, unit), cell


def _triple(title: str, unit: str, figure: str, digits: int) -> list[Maker]:
    """A, B and the change of one figure."""
    return [
        _plain(f"{title} A", f"{figure}_a", unit, digits),
        _plain(f"{title} B", f"{figure}_b", unit, digits),
        _signed("change", unit, f"{figure}_change", digits),
    ]
