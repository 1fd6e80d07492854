"""`fleetplan import architecture`: a checkpoint's config.json, and how it is quantised, as YAML to keep and edit."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from planner.errors import InputError


def architecture(
    source: Annotated[
        Path, typer.Argument(metavar="DIR|FILE", help="Folder of a checkpoint, or a config.json.")
    ],
    name: Annotated[
        str | None, typer.Option("--name", help="Of the architecture; default: the checkpoint's.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="YAML file; default: standard output.")] = None,
) -> None:
    """Turn a local checkpoint's config into the YAML of an architecture; what cannot be expressed is refused by key."""
    from fleets.huggingface import read_config
    from fleets.writing import to_yaml

    text = to_yaml(read_config(source / "config.json" if source.is_dir() else source, name))
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError([f"{out}: cannot be written: {error.strerror or error}"]) from None
    print(f"written: {out}; a config names it as `architecture: {out}`", file=sys.stderr)
