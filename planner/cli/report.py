"""`fleetplan report`: a plan or a what-if run in, one self-contained HTML file out."""

from __future__ import annotations

import sys
from typing import Annotated

import typer


def report(
    source: Annotated[
        str,
        typer.Argument(
            metavar="PLAN.json|RUN", help="Plan from solve --output json, or folder of a what-if run."
        ),
    ],
    out: Annotated[str, typer.Option("--out", metavar="FILE.html", help="File to write.")] = "report.html",
) -> None:
    """Write one HTML file with tables and interactive figures; it needs no network."""
    from pathlib import Path

    from planner.plan.read import read_plan
    from planner.report.html import write_batch_report, write_plan_report

    is_run = Path(source).is_dir()
    written = write_batch_report(source, out) if is_run else write_plan_report(read_plan(source), out)
    print(f"report in {written}", file=sys.stderr)
