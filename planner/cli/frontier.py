"""`fleetplan frontier`: speed against price of models on accelerators, as a table, CSV, JSON or figure."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from planner.step_time.speed_cost.answer import Curve, Frontier, Row


class FrontierOutput(StrEnum):
    """Forms of the answer."""

    table = "table"
    json = "json"
    csv = "csv"


def frontier(
    config: Annotated[str, typer.Argument(help="Frontier config (examples/paper has one per figure).")],
    plot: Annotated[
        str | None,
        typer.Option("--plot", metavar="FILE", help="Draw the curves to a .png, .svg or .pdf file."),
    ] = None,
    preference: Annotated[
        float | None,
        typer.Option("--preference", min=0.01, max=100, help="Mark the largest speed^PREFERENCE/price."),
    ] = None,
    output: Annotated[
        FrontierOutput, typer.Option("--output", help="A table for people, or json or csv alone on stdout.")
    ] = FrontierOutput.table,
) -> None:
    """Show tokens per second per user against $ per million tokens, one curve per model, accelerator and context."""
    from dataclasses import replace

    from planner.plotting.speed_cost import check_format, save_frontier
    from planner.step_time.speed_cost.answer import frontier as evaluate
    from planner.step_time.speed_cost.config import load_frontier
    from planner.wording.spreadsheet import table

    if plot is not None:
        check_format(plot)
    resolved = load_frontier(config)
    if preference is not None:
        resolved = replace(resolved, study=resolved.study.model_copy(update={"preference": preference}))
    answer = evaluate(resolved)
    if plot is not None:
        save_frontier(answer, plot)
        print(f"wrote {plot}", file=sys.stderr)
    if output is FrontierOutput.csv:
        sys.stdout.write(table(answer.frame()))
    elif output is FrontierOutput.json:
        sys.stdout.write(json.dumps(_document(answer), indent=2, ensure_ascii=False) + "\n")
    else:
        _print(answer)


def _document(answer: Frontier) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "name": answer.name,
        "assumptions": answer.assumptions,
        "enumeration": answer.enumeration,
        "preference": answer.preference,
        "curves": [
            {
                "name": curve.name,
                "evaluated": curve.evaluated,
                "reason": curve.reason or None,
                "points": curve.rows,
            }
            for curve in answer.curves
        ],
    }


def _print(answer: Frontier) -> None:
    """Three points of every curve: the fastest, the preferred and the cheapest."""
    from rich.table import Table

    from planner.cli.wide import print_wide

    title = f"{answer.name}: {answer.assumptions}, {answer.enumeration} layouts"
    table = Table(title=title, title_justify="left")
    for heading in ("curve", "point", "tokens/s per user", "$ per M tokens", "GPUs", "batch"):
        table.add_column(heading, justify="left" if heading in ("curve", "point") else "right")
    for heading in ("layout", "weights", "KV", "speculation"):
        table.add_column(heading)
    for curve in answer.curves:
        for number, (point, row) in enumerate(_three(curve, answer.preference)):
            table.add_row(curve.name if number == 0 else "", point, *_cells(row))
        table.add_section()
    print_wide(table)
    for curve in answer.curves:
        if not curve.rows:
            print(f"{curve.name}: no points; {curve.reason}")


def _three(curve: Curve, preference: float) -> list[tuple[str, Row]]:
    if not curve.rows or curve.preferred is None:
        return []
    return [
        ("fastest", curve.rows[0]),
        (f"speed^{preference:g}/price", curve.preferred),
        ("cheapest", curve.rows[-1]),
    ]


def _cells(row: Row) -> list[str]:
    return [
        f"{row['pace_tokens_per_s']:.1f}",
        f"{row['usd_per_million_tokens']:.3g}",
        f"{row['gpus']:.4g}",
        f"{row['batch']:.4g}",
        str(row["layout"]),
        str(row["weight_precision"]),
        str(row["kv_precision"]),
        str(row["speculation"]) or "none",
    ]
