"""The page: templates, style and script put together into one file that needs no network."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from planner.errors import InputError
from planner.report.charts.chart import Chart
from planner.report.extras import need

TEMPLATES = Path(__file__).parent / "templates"


@functools.cache
def environment() -> Any:
    """Jinja with escaping everywhere; an undefined name in a template is an error."""
    jinja = need("jinja2")
    made = jinja.Environment(
        loader=jinja.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["figure_json"] = figure_json
    return made


def figure_json(chart: Chart) -> Any:
    """A figure as JSON that cannot end the script element it stands in."""
    markup = need("markupsafe").Markup
    text = json.dumps(chart.figure, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))


def render(template: str, **context: Any) -> str:
    """A template as text."""
    return str(environment().get_template(template).render(**context))


def page(template: str, **context: Any) -> str:
    """A whole page with style, script and Plotly inside."""
    markup = need("markupsafe").Markup
    return render(
        template,
        style=markup(asset("style.css")),
        script=markup(asset("report.js")),
        plotly=markup(need("plotly.offline").get_plotlyjs()),
        **context,
    )


def asset(name: str) -> str:
    """Style or script as text."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def write(text: str, path: str | Path) -> Path:
    """Write a page; raises `InputError` where that cannot be."""
    target = Path(path)
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError([f"{target}: the report cannot be written: {error.strerror or error}"]) from None
    return target
