"""`fleetplan calibrate`: fit the constants of an assumption set to measured serving."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from planner.errors import InputError

UNJUDGED = (
    "it takes 30 points that differ in model, accelerator, precision or engine; the errors of the fit are of points that "
    "it saw"
)


class CalibrateOutput(StrEnum):
    """Forms of the report; the set itself goes to `--out`."""

    table = "table"
    json = "json"


def calibrate(
    measured: Annotated[
        list[Path], typer.Argument(help="CSV files of measured serving; see docs/accuracy.md.")
    ],
    out: Annotated[
        Path, typer.Option("--out", help="YAML file of the fitted set; its stem is the set's name.")
    ],
    base: Annotated[
        str, typer.Option("--base", help="Set whose modelling choices are kept: name or YAML file.")
    ] = "default",
    engine: Annotated[str | None, typer.Option("--engine", help="Only rows of this backend.")] = None,
    all_reduce: Annotated[
        Path | None,
        typer.Option(
            "--all-reduce", help="CSV of measured all-reduces, to fit the collective library as well."
        ),
    ] = None,
    library: Annotated[
        str, typer.Option("--library", help="Library of that file, besides NCCL.")
    ] = "vLLM_custom_graph",
    source: Annotated[
        str, typer.Option("--source", help="Where the measurements come from, with their licence.")
    ] = "own measurements",
    version: Annotated[str, typer.Option("--set-version", help="Version of the fitted set.")] = "1.0",
    cross_validation: Annotated[
        bool,
        typer.Option(
            "--cross-validation/--no-cross-validation",
            help="Predict each cell, model, accelerator, … from a fit that never saw it.",
        ),
    ] = True,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Predicted against measured: png, svg or pdf.")
    ] = None,
    output: Annotated[
        CalibrateOutput, typer.Option("--output", help="A table for people, or json alone on stdout.")
    ] = CalibrateOutput.table,
) -> None:
    """Fit an assumption set to measured serving and say how good it is on cells that it never saw."""
    try:
        import scipy  # noqa: F401
    except ImportError:
        raise InputError(["calibrate needs scipy: pip install 'fleetplan[calibrate]'"]) from None
    from fleets.schema.base import Source
    from planner.calibration import assemble, tables
    from planner.calibration.allreduce import AllReduceFit, read_allreduce
    from planner.calibration.measured import read_measurements
    from planner.calibration.report import constants_data, rejected_data
    from planner.calibration.writing import write_set
    from planner.cli.assumption_argument import load_set
    from planner.cli.validate import say_rejected

    measurements = read_measurements(measured)
    if engine is not None:
        measurements = measurements.of_engine(engine.lower())
    say_rejected(measurements)
    all_reduces: tuple[AllReduceFit, ...] = ()
    if all_reduce is not None:
        measured_tables, unknown = read_allreduce(all_reduce)
        if unknown:
            print(f"{all_reduce.name}: systems not in the catalogue: {', '.join(unknown)}", file=sys.stderr)
        all_reduces = assemble.fit_libraries(measured_tables, library)
    found = assemble.calibrate(
        measurements, load_set(base), out.stem, version, Source(name=source, date=measurements.last_date),
        all_reduces, cross_validation,
    )  # fmt: skip
    write_set(
        found.assumptions,
        out,
        f"{found.assumptions.description}; made by `fleetplan calibrate`, see docs/accuracy.md.",
    )
    if cross_validation and not found.left_out:
        print(f"no error of a prediction is known: {UNJUDGED}", file=sys.stderr)
    crossed = found.left_out.get("cell")
    judged = crossed or found.fitted
    if plot is not None:
        from planner.calibration.figure import save_figure

        save_figure(judged, plot, found.assumptions.name)
    if output is CalibrateOutput.json:
        data = {
            "set": {"name": found.assumptions.name, "version": version, "file": str(out)},
            "constants": constants_data(found.result),
            "fitted": found.fitted.as_data(),
            "cross_validated": crossed.as_data() if crossed else None,
            "left_out_by": {facet: other.as_data() for facet, other in found.left_out.items()},
            "all_reduce": [
                {
                    "accelerator": f.table.accelerator,
                    "library": f.table.library,
                    "median_error": f.median_error,
                }
                for f in all_reduces
            ],
            **rejected_data(measurements),
        }
        sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
        return
    tables.print_constants(found.result)
    tables.print_errors(found.fitted, "errors of the fit")
    if crossed is not None:
        tables.print_errors(crossed, "errors on cells left out of the fit")
    tables.print_left_out(found.fit)
    for fitted in all_reduces:
        name = f"{fitted.table.accelerator} {fitted.table.library}"
        print(f"all-reduce {name}: median error {100 * fitted.median_error:.1f} %")
    print(f"written: {out}")
