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


def notebook_html(plan: Plan) -> str:
    """A plan as notebooks show it: key figures and tables; without jinja2 the terminal's text."""
    from planner.report.page import asset
    from planner.report.plan_page import plan_fragment

    try:
        import jinja2  # noqa: F401
    except ImportError:
        return _as_text(plan)
    return plan_fragment(plan.to_dict(), asset("style.css"))


def _as_text(plan: Plan) -> str:
    import html
    import io

    from rich.console import Console

    from planner.report.text import print_plan

    stream = io.StringIO()
    print_plan(plan, Console(file=stream, width=120, highlight=False))
    return f"<pre>{html.escape(stream.getvalue())}</pre>"
