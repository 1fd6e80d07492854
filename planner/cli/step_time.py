"""`fleetplan step-time`: seconds of one decode step, by part, for every row of a CSV file of points."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


class StepModelName(StrEnum):
    """Models of a step."""

    toy = "toy"
    as_presented = "as-presented"
    full = "full"


class EnumerationName(StrEnum):
    """Ways of searching layouts."""

    real = "real"
    deployable = "deployable"


class StepTimeOutput(StrEnum):
    """Forms of the answer."""

    table = "table"
    json = "json"
    csv = "csv"


def step_time(
    points: Annotated[
        str,
        typer.Argument(
            metavar="POINTS.csv", help="CSV with model, accelerator, n_gpu, batch, …; - for stdin."
        ),
    ],
    step_model: Annotated[
        StepModelName,
        typer.Option("--step-model", help="The paper's section 2.2, its text, or the full model."),
    ] = StepModelName.full,
    scaledown: Annotated[
        bool,
        typer.Option(
            "--attention-scaledown/--no-attention-scaledown", help="Search attention on fewer ranks."
        ),
    ] = True,
    assumptions: Annotated[
        str, typer.Option("--assumptions", metavar="NAME", help="Assumption set.")
    ] = "default",
    enumeration: Annotated[
        EnumerationName,
        typer.Option("--enumeration", help="Real-valued layouts, or whole-numbered ones that divide."),
    ] = EnumerationName.real,
    output: Annotated[
        StepTimeOutput, typer.Option("--output", help="A table for people, or json or csv alone on stdout.")
    ] = StepTimeOutput.table,
) -> None:
    """Time one decode step of every point: the fastest layout, its seconds by part, or why it does not fit."""
    from planner.step_time.times import step_times
    from planner.wording.spreadsheet import table

    frame = _read(points)
    answer = step_times(frame, step_model.value, assumptions, scaledown, enumeration.value, points)
    if output is StepTimeOutput.csv:
        sys.stdout.write(table(answer))
    elif output is StepTimeOutput.json:
        sys.stdout.write(json.dumps(_records(answer), indent=1, ensure_ascii=False) + "\n")
    else:
        _print(answer)


def _read(path: str) -> pd.DataFrame:
    import pandas as pd

    try:
        frame = pd.read_csv(sys.stdin if path == "-" else path)
    except FileNotFoundError:
        raise InputError([f"{path}: no such file; give a CSV of points, or - for standard input"]) from None
    except (OSError, UnicodeDecodeError, pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise InputError([f"{path}: not a CSV table: {error}"]) from None
    if frame.empty:
        raise InputError([f"{path}: has no rows; give one point per row"])
    return frame


def _records(answer: pd.DataFrame) -> list[dict[str, Any]]:
    """JSON has no infinity: what does not fit is null, with its reason."""
    import math

    return [
        {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in row.items()
        }
        for row in answer.to_dict(orient="records")
    ]


def _print(answer: pd.DataFrame) -> None:
    """Times in ms; inf and the reason where a point does not fit."""
    import pandas as pd
    from rich.table import Table

    from planner.cli.wide import print_wide
    from planner.step_time.points import ALIASES
    from planner.step_time.times import PARTS

    named = answer.rename(columns={old: new for old, new in ALIASES.items() if new not in answer.columns})
    table = Table(title=f"{len(named)} points, ms per token of a sequence", title_justify="left")
    shown = [
        name
        for name in ("model", "accelerator", "n_gpu", "batch", "input_len", "draft")
        if name in named.columns
    ]
    for name in shown:
        table.add_column(
            name, justify="left" if name in ("model", "accelerator", "draft") else "right", no_wrap=True
        )
    for heading in ("time", *(part.replace("network_", "net ") for part in PARTS)):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("layout", overflow="fold", max_width=44)
    for row in named.to_dict(orient="records"):
        times = [f"{row['step_time_s'] * 1e3:.4g}", *(f"{row[f'{part}_s'] * 1e3:.3g}" for part in PARTS)]
        cells = ["" if pd.isna(row[name]) else f"{row[name]}" for name in shown]
        table.add_row(*cells, *times, row["reason"] or _layout(row))
    print_wide(table)


def _layout(row: dict[Any, Any]) -> str:
    parts = ["2D" if row["two_d"] else "1D"]
    parts += [f"pp {row['pipeline']:.3g}"] if row["pipeline"] != 1 else []
    parts += ["ep"] if row["expert_parallel"] else []
    parts += [f"attention /{row['attention_scaledown']:.3g}"] if row["attention_scaledown"] != 1 else []
    parts += [f"γ {row['draft_tokens']:.0f}"] if row["draft_tokens"] else []
    return ", ".join(parts)
