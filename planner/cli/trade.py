"""Forms of output, and a frontier question on the command line: many plans, one row each."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from planner.cli.exit_codes import exit_code

if TYPE_CHECKING:
    from planner.config.resolved import ResolvedStudy


class Output(StrEnum):
    """Forms of a plan on standard output."""

    table = "table"
    json = "json"
    csv = "csv"


def show_frontier(study: ResolvedStudy, output: Output, screening: bool, decomposition: bool) -> int:
    """Trace and print the frontier that a config asks for; the exit code."""
    from planner.problem.problem import Problem
    from planner.questions.frontier import TracedFrontier
    from planner.report.trade import frontier_document, print_frontier

    frontier = TracedFrontier(Problem(study, screening=screening, decomposition=decomposition)).trace()
    if output is Output.json:
        import json

        print(json.dumps(frontier_document(frontier), indent=2, ensure_ascii=False, allow_nan=False))
    elif output is Output.csv:
        import pandas as pd

        from planner.wording.spreadsheet import table

        print(table(pd.DataFrame(frontier.rows())), end="")
    else:
        print_frontier(frontier)
    return exit_code("feasible" if frontier.points else "none", frontier.termination)
