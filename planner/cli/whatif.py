"""`fleetplan whatif`: a scenario file in, a folder of tables out; resumable, in local processes or on a cluster."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.cli.exit_codes import BUG

if TYPE_CHECKING:
    from planner.batch.results import BatchTables
    from planner.batch.runner import Summary

INTERRUPTED = 130


class WhatifOutput(StrEnum):
    """Forms of the scenarios table on standard output."""

    table = "table"
    json = "json"
    csv = "csv"


class Backend(StrEnum):
    """Where scenarios are solved."""

    local = "local"
    dask = "dask"


def whatif(
    scenarios: Annotated[str, typer.Argument(help="Scenario file (examples/whatif-*.yaml).")],
    out: Annotated[
        str,
        typer.Option("--out", metavar="FOLDER", help="Folder of the run; one that has results is resumed."),
    ] = "results",
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first scenarios of the file.")] = None,
    dry_run: Annotated[
        bool, typer.Option(help="Check every scenario, say how many there are, and stop.")
    ] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Local processes; default: one per core.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads of the solver in each process.")] = 1,
    backend: Annotated[Backend, typer.Option(help="Local processes, or a Dask cluster.")] = Backend.local,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Scheduler of the cluster, such as tcp://host:8786.")
    ] = None,
    retry: Annotated[bool, typer.Option(help="Solve failed and timed-out scenarios again.")] = False,
    simplify: Annotated[
        bool,
        typer.Option(help="Of equally good plans find the simplest, as solve does; takes twice as long."),
    ] = False,
    report: Annotated[
        str | None, typer.Option(metavar="FILE.html", help="Also write tables and figures as one HTML file.")
    ] = None,
    output: Annotated[
        WhatifOutput, typer.Option("--output", "-o", help="Form of the scenarios table on standard output.")
    ] = WhatifOutput.table,
) -> None:
    """Solve many scenarios of one config into a folder of tables; run it again to resume."""
    from pathlib import Path

    from planner.batch.results import load_tables
    from planner.batch.runner import check_batch, run_batch
    from planner.batch.scenarios import read_batch
    from planner.batch.solve_one import Settings
    from planner.batch.workers import Workers

    batch = read_batch(scenarios, limit=limit)
    if dry_run:
        distinct = len(set(check_batch(batch)))
        print(
            f"{batch.file}: fine; {len(batch.scenarios):,} of {batch.total:,} scenarios, {distinct:,} distinct"
        )
        return
    folder = Path(out)
    workers = Workers(jobs, Settings(threads, simplify), backend.value, scheduler)
    # what a batch system sends before it kills ends the run as Ctrl-C does
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        summary = run_batch(batch, folder, workers, retry=retry, announce=_say)
    except KeyboardInterrupt:
        _say(f"interrupted; every finished scenario is in {folder}. Run the same command again to go on")
        raise typer.Exit(INTERRUPTED) from None
    _say(_closing(summary, folder))
    if report is not None:
        from planner.report.html import write_batch_report

        write_batch_report(folder, report)
    tables = load_tables(folder)
    if output is WhatifOutput.csv:
        sys.stdout.write((folder / "scenarios.csv").read_text(encoding="utf-8"))
    elif output is WhatifOutput.json:
        print(tables.scenarios.to_json(orient="records", indent=2, force_ascii=False, double_precision=15))
    else:
        _print(tables)
    if set(summary.endings) == {"error"}:
        _say(f"every scenario failed; the first: {tables.scenarios['message'].iloc[0]}")
        raise typer.Exit(BUG)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _closing(summary: Summary, folder: object) -> str:
    endings = ", ".join(
        f"{count:,} {name.replace('_', ' ')}" for name, count in summary.endings.most_common()
    )
    text = f"{endings}; tables in {folder}"
    if not summary.solved:
        return text
    stages = ", ".join(f"{stage} {share:.0%}" for stage, share in _largest(summary.shares()))
    return f"{text}\n{summary.solved:,} solved in {summary.wall_s:,.1f} s, {summary.rate:.1f}/s: {stages}"


def _largest(shares: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(shares.items(), key=lambda pair: -pair[1])


MOST_ROWS = 40
"""Rows of the table for people; the files have all."""


def _print(tables: BatchTables) -> None:
    """What was varied, what it costs and on how many accelerators; the first rows."""
    from planner.report.console import Column, print_table, report_console, table
    from planner.wording.numbers import number

    console = report_console()
    rows = tables.scenarios.head(MOST_ROWS)
    types = [name for name in tables.accelerators if (rows[f"gpus.{name}"].fillna(0) > 0).any()]
    named = rows["source"].isin(["base", "scenarios"]) | ~rows["name"].str.contains("=", regex=False)
    shown = rows.assign(name=rows["name"].where(named, ""))
    makers: list[tuple[Column, Callable[[Any], str]]] = [
        (Column("#"), lambda row: number(row["number"], 0)),
        (Column("scenario", text=True), lambda row: str(row["name"])),
        *((Column(_short(key), text=True), lambda row, key=key: _input(row[key])) for key in tables.inputs),
        (Column("status", text=True), lambda row: str(row["termination"]).replace("_", " ")),
        (Column("cost", "$/h"), lambda row: number(row["usd_per_hour"], 2)),
        (Column("gap", "%"), lambda row: number(100 * row["gap"], 2)),
        (Column("GPUs"), lambda row: number(row["gpus_total"], 0)),
        *((Column(name), lambda row, key=f"gpus.{name}": number(row[key], 0)) for name in types),
    ]
    cells = [[cell(row) for _, cell in makers] for _, row in shown.iterrows()]
    print_table(table(tables.name, [column for column, _ in makers], cells), console)
    if len(tables.scenarios) > MOST_ROWS:
        console.print(f"the first {MOST_ROWS} of {len(tables.scenarios):,} rows; the files have all")


def _short(column: str) -> str:
    """The end of a key path, in words that a narrow column can break between."""
    parts = column.split(".", 1)[1].replace("[", ".").replace("]", "").split(".")
    times = "× " if column.startswith("times.") else ""
    unclear = len(parts) > 2 and (parts[-2].isdigit() or parts[-2] == "*")
    return times + " ".join(parts[-3 if unclear else -2 :]).replace("_", " ")


def _input(value: Any) -> str:
    if value is None or value != value:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
