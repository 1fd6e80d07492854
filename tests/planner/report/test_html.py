"""HTML reports: complete, escaped, without network; opened in a real browser at both widths and in both schemes."""

from __future__ import annotations

import html
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from planner.batch.results import BatchTables
from planner.errors import InputError
from planner.plan.plan import Plan
from planner.plan.read import read_plan
from planner.report.batch_page import batch_html
from planner.report.html import write_plan_report
from planner.report.plan_page import plan_html
from tests.planner.report.browser import chromium
from tests.planner.report.conftest import HOSTILE


def batch(draws: bool = False) -> BatchTables:
    """Twelve scenarios of two keys; cost = 10·price + demand; one infeasible, one with a hostile name."""
    rows: list[dict[str, Any]] = []
    for price in (1.0, 2.0, 3.0):
        for demand in (10.0, 20.0, 30.0, 40.0):
            number = len(rows) + 1
            rows.append(
                {
                    "number": number, "scenario": f"{number:016x}", "name": HOSTILE if number == 1 else f"s{number}",
                    "source": "monte_carlo" if draws else "grid", "set.fleet.supply[a].price_usd_per_hour": price,
                    "set.workloads.chat.min_pace_tokens_per_s": demand, "termination": "optimal", "solution": "proven",
                    "message": "", "sense": "minimise", "unit": "$/h", "objective": 10 * price + demand,
                    "bound": 10 * price + demand, "gap": 0.0, "usd_per_hour": 10 * price + demand, "gpus_total": 8.0,
                    "kinds": 1, "gpus.h100-sxm": demand / 10, "gpus.l40s": price, "tokens_per_s.chat": 100.0,
                    "pace_tokens_per_s.chat": demand, "usd_per_hour.chat": 1.0,
                    "usd_per_million_tokens.chat": price + demand / 100, "seconds": 0.1, "seconds.solve": 0.1,
                }
            )  # fmt: skip
    rows.append({**rows[0], "number": 13, "name": "none", "termination": "infeasible", "solution": "none",
                 "message": HOSTILE, "usd_per_hour": None, "objective": None, "gap": None})  # fmt: skip
    return BatchTables(pd.DataFrame(rows), pd.DataFrame({"scenario": []}), HOSTILE)


def without_plotly(page: str) -> str:
    return re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(
    plan: Plan, hostile_plan: Plan, infeasible_plan: Plan, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    made = {
        "plan": plan_html(plan.to_dict()), "hostile": plan_html(hostile_plan.to_dict()),
        "none": plan_html(infeasible_plan.to_dict()), "grid": batch_html(batch()), "draws": batch_html(batch(True)),
    }  # fmt: skip
    paths = {}
    for name, text in made.items():
        paths[name] = folder / f"{name}.html"
        paths[name].write_text(text, encoding="utf-8")
    return paths


def opened(browser: Any, path: Path, width: int = 1400, scheme: str = "light") -> Any:
    """The page, drawn; any script error, dialog or request beside the file itself fails the test."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda line: page.problems.append(line.text) if line.type == "error" else None)
    page.on("dialog", lambda dialog: (page.problems.append("dialog"), dialog.dismiss()))
    page.on(
        "request", lambda request: page.problems.append(request.url) if request.url != path.as_uri() else None
    )
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]", state="attached")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 400])
@pytest.mark.parametrize("name", ["plan", "hostile", "none", "grid", "draws"])
def test_page_opens_without_errors_network_or_sideways_scrolling(
    browser: Any, pages: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    page = opened(browser, pages[name], width, scheme)
    charts = page.locator("script[data-chart]").count()
    assert page.locator(".plot .main-svg").count() >= charts
    assert page.problems == []
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    ink, paper = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light") and ink != paper
    for chart in page.locator(".plot").all():
        box = chart.locator(".main-svg").first.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width + 1
    page.close()


def test_tables_sort_by_value_both_ways(browser: Any, pages: dict[str, Path]) -> None:
    page = opened(browser, pages["grid"])
    header = page.locator("#scenarios thead th", has_text=re.compile("^cost.*\\$/h", re.DOTALL)).first
    place = header.evaluate("th => th.cellIndex")
    column = f"Array.from(document.querySelectorAll('#scenarios tbody tr')).map(r => r.cells[{place}].dataset.sort)"
    for order, expected in (("ascending", [20.0, 30.0, 30.0]), ("descending", [70.0, 60.0, 60.0])):
        header.locator("button").click()
        assert header.get_attribute("aria-sort") == order
        values = page.evaluate(column)
        assert [float(value) for value in values[:3]] == expected
        assert values[-1] is None, "a scenario without a cost stays last"
    page.close()


def test_filter_hides_rows(browser: Any, pages: dict[str, Path]) -> None:
    page = opened(browser, pages["grid"])
    page.locator("input[data-filter=scenarios]").fill("s12")
    assert page.locator("#scenarios tbody tr:visible").count() == 1
    page.close()


def test_charts_follow_the_scheme(browser: Any, pages: dict[str, Path]) -> None:
    page = opened(browser, pages["plan"])
    colour = "document.querySelector('.plot')._fullLayout.font.color"
    before = page.evaluate(colour)
    page.emulate_media(color_scheme="dark")
    for _ in range(50):
        if page.evaluate(colour) != before:
            break
        page.wait_for_timeout(100)
    assert page.evaluate(colour) != before
    page.close()


def test_names_are_text_everywhere(hostile_plan: Plan) -> None:
    page = without_plotly(plan_html(hostile_plan.to_dict()))
    assert HOSTILE not in page and "<script>alert" not in page
    assert html.escape(HOSTILE, quote=False).replace('"', "&#34;").replace("'", "&#39;") in page
    assert "7*7" in page, "a template in a name is text too"
    batched = without_plotly(batch_html(batch()))
    assert "<script>alert" not in batched


def test_every_number_of_the_plan_is_on_the_page(plan: Plan) -> None:
    page = without_plotly(plan_html(plan.to_dict()))
    for row in plan.instances.itertuples():
        assert f">{row.tokens_per_s:,.0f}<" in page
    for check in plan.certificate.checks:
        assert html.escape(check.name).replace("&#x27;", "&#39;") in page
    for expected in (f"{plan.usd_per_hour:,.2f}", plan.assumptions["name"], "$/M tokens", "kW", "tokens/s"):
        assert expected in page
    figures = re.findall(r'data-chart="([^"]+)">(.*?)</script>', page, flags=re.DOTALL)
    costs = dict(figures)["chart-supply-cost"]
    drawn = sum(sum(trace["x"]) for trace in json.loads(costs)["data"])
    assert drawn == pytest.approx(plan.usd_per_hour)


def test_json_of_a_plan_gives_the_same_page(plan: Plan, tmp_path: Path) -> None:
    source = tmp_path / "plan.json"
    source.write_text(json.dumps(plan.to_dict()), encoding="utf-8")
    write_plan_report(plan, tmp_path / "a.html")
    write_plan_report(read_plan(source), tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


@pytest.mark.parametrize("text, word", [("{", "not JSON"), ("[]", "not a plan"), ('{"name": 1}', "missing")])
def test_what_is_no_plan_is_refused(tmp_path: Path, text: str, word: str) -> None:
    source = tmp_path / "plan.json"
    source.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=word):
        read_plan(source)


def test_unwritable_target_is_said(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_plan_report(plan, tmp_path / "no" / "folder.html")


def test_missing_package_is_said(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(InputError, match=r"fleetplan\[report\]"):
        plan_html(plan.to_dict())


def test_notebooks_show_tables(hostile_plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    import planner

    assert planner.solve is not None  # what a notebook imports gives plans their view
    shown = hostile_plan._repr_html_()
    assert "<table" in shown and "<script" not in shown
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert hostile_plan._repr_html_().startswith("<pre>") and "<script" not in hostile_plan._repr_html_()
