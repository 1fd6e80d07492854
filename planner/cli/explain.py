"""`fleetplan explain`: why there is no plan, what binds in the plan, what more would cost, why not something else."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from planner.cli.exit_codes import exit_code


class Form(StrEnum):
    """Forms of an explanation on standard output."""

    table = "table"
    json = "json"


def explain(
    config: Annotated[str, typer.Argument(help="Config file, or - for standard input.")],
    why_not: Annotated[
        list[str] | None,
        typer.Option(help="A supply, accelerator or kind: when would it be in the plan? May be repeated."),
    ] = None,
    output: Annotated[
        Form, typer.Option("--output", "-o", help="Form of the explanation on standard output.")
    ] = Form.table,
    screening: Annotated[
        bool, typer.Option(help="Leave out options that can never be needed (exact).")
    ] = True,
    decomposition: Annotated[
        bool, typer.Option(help="Plan model by model where nothing ties models together (exact).")
    ] = True,
) -> None:
    """Explain a config's plan: what binds, what a little more would cost; or why there is none and what would help."""
    from planner.config.load import load_study
    from planner.explain.explain import explain as explain_study
    from planner.report.explanation import print_explanation

    explanation = explain_study(load_study(config), tuple(why_not or ()), screening, decomposition)
    if output is Form.json:
        import json

        print(json.dumps(explanation.to_dict(), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print_explanation(explanation)
    status = explanation.plan.status
    raise typer.Exit(exit_code(status.solution, status.termination))
