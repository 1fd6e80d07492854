"""Frontiers and alternative plans as tables for people, as records for JSON and CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from planner.config.warnings import config_warnings, readings
from planner.objectives import OBJECTIVES
from planner.plan.accuracy import accuracy_of
from planner.questions.frontier import Frontier
from planner.report.console import Column, print_table, report_console, table
from planner.report.text import print_accuracy, print_remarks
from planner.wording.numbers import number, share

_DIGITS = {"cost": 2, "pace": 1, "throughput": 0}


def frontier_document(frontier: Frontier) -> dict[str, Any]:
    """The frontier as plain data for JSON."""
    swept, optimised = frontier.axes
    return {
        "name": frontier.study.config.name,
        "swept": {"quantity": swept, "unit": OBJECTIVES[swept].unit, "workload": frontier.workload},
        "optimised": {"quantity": optimised, "unit": OBJECTIVES[optimised].unit},
        "points": [
            {key: None if value != value else value for key, value in row.items()} for row in frontier.rows()
        ],
        "beaten": frontier.beaten,
        "without_plan": list(frontier.without_plan),
        "accuracy": frontier_accuracy(frontier),
        "warnings": list(config_warnings(frontier.study)),
        "read_as": list(readings(frontier.study)),
        "seconds": round(frontier.seconds, 4),
    }


def frontier_accuracy(frontier: Frontier) -> list[dict[str, Any]]:
    """What is known of the times of all points' deployments, each statement once (`planner.plan.accuracy`)."""
    found: dict[str, dict[str, Any]] = {}
    for point in frontier.points:
        answer = point.answer
        deployments = answer.allocation.deployments if answer.allocation else ()
        for record in accuracy_of(answer.study, deployments, answer.options):
            found[record["sentence"]] = {key: record[key] for key in record if key != "deployments"}
    return list(found.values())


def print_frontier(frontier: Frontier) -> None:
    """Print the frontier: both axes, cost per token, gap and fleet of every point."""
    console = report_console()
    swept, optimised = frontier.axes
    columns = [
        Column(f"{swept} of {frontier.workload}" if frontier.workload else swept, OBJECTIVES[swept].unit),
        Column(optimised, OBJECTIVES[optimised].unit),
        Column("per million", "$/M tokens"),
        Column("gap", "%"),
        Column("solution", text=True),
        Column("fleet", "accelerators", text=True),
    ]
    rows = [
        (
            number(point.swept, _DIGITS[swept]),
            number(point.optimised, _DIGITS[optimised]),
            number(row["usd_per_million_tokens"], 3),
            share(row["gap"]),
            str(row["solution"]),
            str(row["fleet"]),
        )
        for point, row in zip(frontier.points, frontier.rows(), strict=True)
    ]
    name = frontier.study.config.name
    if not rows:
        console.print(f"{name}: no plan at any {swept}; `fleetplan explain` says what stands in the way")
        return
    print_table(table(f"{name}: {optimised} against {swept}", columns, rows), console)
    print_accuracy(frontier_accuracy(frontier), console)
    print_remarks(readings(frontier.study), config_warnings(frontier.study), console)
    if frontier.beaten:
        console.print(f"Points left out because another is at least as good in both: {frontier.beaten}.")
    if frontier.without_plan:
        values = ", ".join(number(value, _DIGITS[swept]) for value in frontier.without_plan)
        console.print(f"No plan was found at {values} {OBJECTIVES[swept].unit}.")


def print_alternatives(plans: Sequence[Mapping[str, Any]]) -> None:
    """Print the rows of `Alternatives`, one plan below the other: its objective, how much worse it is, its kinds."""
    console = report_console()
    columns = [
        Column("plan"), Column("objective", str(plans[0]["unit"])), Column("worse by", "%"), Column("gap", "%"),
        Column("kinds", text=True),
    ]  # fmt: skip
    rows = [
        (
            str(row["plan"]),
            number(row["objective"], 2),
            share(row["worse_by"]),
            share(row["gap"]),
            str(row["kinds"]).replace(", ", "\n"),
        )
        for row in plans
    ]
    print_table(table("Plans that differ in kinds", columns, rows), console)
