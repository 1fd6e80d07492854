"""`fleetplan solve`: a config in, a certified plan out."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.cli.exit_codes import exit_code
from planner.cli.trade import Output, show_frontier
from planner.errors import InputError


def solve(
    config: Annotated[str, typer.Argument(help="Config file, or - for standard input.")],
    output: Annotated[
        Output, typer.Option("--output", "-o", help="Form of the plan on standard output.")
    ] = Output.table,
    screening: Annotated[
        bool, typer.Option(help="Leave out options that can never be needed (exact).")
    ] = True,
    decomposition: Annotated[
        bool, typer.Option(help="Plan model by model where nothing ties models together (exact).")
    ] = True,
    sensitivity: Annotated[
        bool, typer.Option(help="Solve again for headroom, next steps and the price of a faster TPOT.")
    ] = False,
    report: Annotated[
        str | None, typer.Option(metavar="FILE.html", help="Also write the plan as one HTML file.")
    ] = None,
) -> None:
    """Find the best fleet for a config and print it with its certificate."""
    from planner.config.load import load_study
    from planner.report.console import report_console
    from planner.report.explanation import print_sensitivity
    from planner.report.text import print_plan
    from planner.report.trade import print_alternatives
    from planner.solving import solve as solve_study
    from planner.wording.spreadsheet import table

    study = load_study(config)
    if study.config.question.many_plans:
        if report is not None:
            raise InputError([f"{study.file}: question.frontier: a frontier has no page; leave --report out"])
        raise typer.Exit(show_frontier(study, output, screening, decomposition))
    plan = solve_study(study, screening=screening, decomposition=decomposition, sensitivity=sensitivity)
    if report is not None:
        from planner.report.html import write_plan_report

        write_plan_report(plan, report)
    if output is Output.json:
        import json

        print(json.dumps(plan.to_dict(), indent=2, ensure_ascii=False, allow_nan=False))
    elif output is Output.csv:
        print(table(plan.instances), end="")
    else:
        print_plan(plan)
        if plan.alternatives:
            print_alternatives(plan.alternatives)
        if sensitivity:
            print_sensitivity(plan.sensitivity, report_console())
    raise typer.Exit(exit_code(plan.status.solution, plan.status.termination))
