"""`fleetplan check`: read a config, look every name up, and say what is wrong with it."""

from __future__ import annotations

from typing import Annotated

import typer


def check(config: Annotated[str, typer.Argument(help="Config file, or - for standard input.")]) -> None:
    """Check a config without solving it: every problem at once, exit code 2."""
    from planner.config.load import load_study

    study = load_study(config)
    print(
        f"{study.file}: fine; {len(study.supplies)} supplies, {len(study.models)} models, "
        f"{len(study.workloads)} workloads, assumptions {study.assumptions.name} {study.assumptions.version}"
    )
