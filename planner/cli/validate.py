"""`fleetplan validate`: how far an assumption set is from measured serving, by model, system and precision."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.errors import as_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.accuracy.coverage import Coverage
    from planner.calibration.measured import Measurements


class ValidateOutput(StrEnum):
    """Forms of the answer."""

    table = "table"
    json = "json"
    csv = "csv"


def validate(
    measured: Annotated[
        list[Path], typer.Argument(help="CSV files of measured serving; see docs/accuracy.md.")
    ],
    assumptions: Annotated[
        str, typer.Option("--assumptions", help="Assumption set: catalogue name or YAML file.")
    ] = "serving-2026",
    engine: Annotated[str | None, typer.Option("--engine", help="Only rows of this backend.")] = None,
    ttft_concurrency: Annotated[
        float, typer.Option("--ttft-concurrency", min=1, help="TTFT counts up to this concurrency.")
    ] = 16.0,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Predicted against measured: png, svg or pdf.")
    ] = None,
    output: Annotated[
        ValidateOutput, typer.Option("--output", help="A table for people, or json or csv alone on stdout.")
    ] = ValidateOutput.table,
) -> None:
    """Compare predicted with measured TPOT and TTFT under an assumption set."""
    from planner.accuracy.coverage import coverage
    from planner.calibration.measured import read_measurements
    from planner.calibration.predict import Predictor
    from planner.calibration.report import Comparison, rejected_data
    from planner.calibration.tables import error_csv, print_errors
    from planner.cli.assumption_argument import load_set

    chosen = load_set(assumptions)
    measurements = read_measurements(measured)
    if engine is not None:
        measurements = measurements.of_engine(engine.lower())
    say_rejected(measurements)
    comparison = Comparison(measurements.points, Predictor(measurements.points)(chosen), ttft_concurrency)
    if plot is not None:
        from planner.calibration.figure import save_figure

        save_figure(comparison, plot, f"{chosen.name} {chosen.version}")
    if output is ValidateOutput.json:
        data = {
            "assumptions": {"name": chosen.name, "version": chosen.version},
            "files": list(measurements.files),
            "dates": measurements.dates,
            **comparison.as_data(),
            "coverage": [covered.as_data() for covered in coverage(measurements.points, chosen)],
            **rejected_data(measurements),
        }
        sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
    elif output is ValidateOutput.csv:
        sys.stdout.write(error_csv(comparison))
    else:
        print_errors(comparison, f"{chosen.name} {chosen.version} against {', '.join(measurements.files)}")
        print_coverage(coverage(measurements.points, chosen))


def print_coverage(covered: Sequence[Coverage]) -> None:
    """How many points lie within the bands that plans state, as a table on stdout; nothing where there are no bands."""
    from rich.table import Table

    from planner.cli.wide import print_wide

    if not covered:
        return
    title = "points within the bands that plans state (meant are 80 % or more)"
    table = Table(title=title, title_justify="left")
    for heading in ("cell", "measured", "points", "TPOT within %", "TTFT points", "TTFT within %"):
        table.add_column(heading, justify="left" if heading in ("cell", "measured") else "right")
    for row in covered:
        table.add_row(
            row.cell,
            row.measured,
            *_covered(row.points, row.inside),
            *_covered(row.ttft_points, row.ttft_inside),
        )
    sums = [
        sum(column)
        for column in zip(*((c.points, c.inside, c.ttft_points, c.ttft_inside) for c in covered), strict=True)
    ]
    table.add_section()
    table.add_row("all", "", *_covered(*sums[:2]), *_covered(*sums[2:]))
    print_wide(table)


def _covered(points: int, inside: int) -> tuple[str, str]:
    return str(points), f"{100 * inside / points:.0f}" if points else "–"


def say_rejected(measurements: Measurements) -> None:
    """On stderr: rows that were left out, with line numbers, and unknown names with their counts."""
    if not measurements.rejected:
        return
    print(
        f"{len(measurements.rejected)} of {len(measurements.rejected) + len(measurements.points)} rows left out:",
        file=sys.stderr,
    )
    for row in measurements.rejected:
        print(as_line(f"  {row.file}: line {row.line}: {row.reason}"), file=sys.stderr)
    for name, count in measurements.unknown_names.items():
        print(as_line(f"  not in the catalogue: {name} ({count} rows)"), file=sys.stderr)
