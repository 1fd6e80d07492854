"""Plans in notebooks: key figures and tables; importing this module gives plans that view."""

from __future__ import annotations

from planner.plan.plan import Plan


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


Plan.html_view = notebook_html
