"""HTML reports: one self-contained file for a plan or for a batch of scenarios."""

from __future__ import annotations

from pathlib import Path

from planner.plan.plan import Plan
from planner.report.page import write
from planner.report.plan_page import plan_html


def write_plan_report(plan: Plan, path: str | Path) -> Path:
    """Write the page of a plan; raises `InputError` where a package is missing or the file cannot be written."""
    return write(plan_html(plan.to_dict()), path)
