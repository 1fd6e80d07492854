"""`fleetplan import benchmark`: benchmark results as the CSV that `calibrate` and `validate` read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from planner.errors import InputError

imports = typer.Typer(help="Turn other tools' files into ours.", no_args_is_help=True)


@imports.callback()
def _group() -> None:
    """Turn other tools' files into ours."""


@imports.command()
def benchmark(
    files: Annotated[
        list[Path], typer.Argument(help="JSON results of vLLM's serving benchmark, genai-perf or aiperf.")
    ],
    system: Annotated[
        str | None, typer.Option("--system", help="Accelerator that served: catalogue name.")
    ] = None,
    precision: Annotated[
        str | None, typer.Option("--precision", help="Of the weights: bf16, fp8, fp4 …")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", help="Architecture, where the file's name is not in the catalogue."),
    ] = None,
    engine: Annotated[
        str | None, typer.Option("--engine", help="vllm, trtllm, sglang …; default: the file's backend.")
    ] = None,
    kv_precision: Annotated[
        str | None, typer.Option("--kv-precision", help="Of the KV cache; default: auto.")
    ] = None,
    tensor: Annotated[int, typer.Option("--tp", min=1, help="Tensor-parallel ranks of attention.")] = 1,
    attention_groups: Annotated[
        int, typer.Option("--dp", min=1, help="Data-parallel groups of attention.")
    ] = 1,
    expert_parallel: Annotated[int, typer.Option("--ep", min=1, help="Expert-parallel ranks.")] = 1,
    pipeline: Annotated[int, typer.Option("--pp", min=1, help="Pipeline stages.")] = 1,
    out: Annotated[Path | None, typer.Option("--out", help="CSV file; default: standard output.")] = None,
) -> None:
    """Turn benchmark results into rows of measured serving; one deployment per call, as many files as it has."""
    from planner.calibration.benchmark_files import Deployment, benchmark_rows
    from planner.calibration.measured import COLUMNS
    from planner.wording.spreadsheet import header, line

    deployment = Deployment(
        system, precision, engine, model, kv_precision, tensor, attention_groups, expert_parallel, pipeline
    )
    rows = benchmark_rows(files, deployment)
    text = header(COLUMNS) + "".join(line(row[column] for column in COLUMNS) for row in rows)
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError([f"{out}: cannot be written: {error}"]) from None
    print(f"{len(rows)} rows written: {out}", file=sys.stderr)
