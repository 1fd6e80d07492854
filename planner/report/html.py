"""HTML reports: one self-contained file for a plan or for a batch of scenarios."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from planner.plan.plan import Plan
from planner.report.page import write
from planner.report.plan_page import plan_html


def write_plan_report(plan: Plan | Mapping[str, Any], path: str | Path) -> Path:
    """Write the page of a plan, or of its JSON; raises `InputError` where it cannot be made or written."""
    return write(plan_html(plan.to_dict() if isinstance(plan, Plan) else plan), path)


def write_batch_report(results_dir: str | Path, path: str | Path) -> Path:
    """Write the page of a finished run's folder; raises `InputError` where there are no tables."""
    from planner.batch.results import load_tables
    from planner.report.batch_page import batch_html

    return write(batch_html(load_tables(results_dir)), path)
