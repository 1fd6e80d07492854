"""`fleetplan check`: read a config, look every name up, and say what is wrong with it."""

from __future__ import annotations

from typing import Annotated

import typer

MOST_JUDGED = 100
"""Workloads whose demands are compared with what instances serve; for more that takes as long as solving."""
SHOWN = 5
"""Layouts that the engine does not start, listed; the others are counted."""


def check(config: Annotated[str, typer.Argument(help="Config file, or - for standard input.")]) -> None:
    """Check a config without solving it: every problem at once, exit code 2."""
    from planner.config.load import load_study
    from planner.config.warnings import config_warnings, headroom_warning, readings
    from planner.options.unstarted import unstarted
    from planner.plan.warnings import tiny_demands
    from planner.problem.problem import Problem

    study = load_study(config)
    engine = study.assumptions.serving_engine
    print(
        f"{study.file}: fine; {len(study.supplies)} supplies, {len(study.models)} models, "
        f"{len(study.workloads)} workloads, assumptions {study.assumptions.name} {study.assumptions.version}"
        + (f", engine {engine}" if engine else "")
    )
    for reading in readings(study):
        print(f"  note: {reading}")
    tiny = (
        tiny_demands(study, Problem(study).options().options) if len(study.workloads) <= MOST_JUDGED else ()
    )
    for warning in (*config_warnings(study), *headroom_warning(study), *tiny):
        print(f"  warning: {warning}")
    left_out = unstarted(study)
    for rejection in left_out[:SHOWN]:
        print(f"  left out: {rejection}")
    if len(left_out) > SHOWN:
        print(f"  and {len(left_out) - SHOWN} more layouts that {engine} does not start")
