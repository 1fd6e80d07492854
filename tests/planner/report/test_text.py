"""The terminal report: readable at the widths people have, complete at any, and blind to markup in names."""

from __future__ import annotations

import dataclasses
import io

import pytest
from rich.console import Console

from planner.plan.plan import Plan
from planner.report.console import PIPE_WIDTH, report_console
from planner.report.text import print_plan
from planner.wording.numbers import share
from tests.planner.report.conftest import HOSTILE


def printed(plan: Plan, width: int) -> str:
    stream = io.StringIO()
    print_plan(plan, Console(file=stream, width=width, highlight=False))
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 100, 120])
def test_lines_fit_and_words_stay_whole(plan: Plan, width: int) -> None:
    text = printed(plan, width)
    assert max(map(len, text.splitlines())) <= width
    words = set(text.replace(",", " ").split())
    for word in (
        "llama-70b",
        "llama-8b",
        "h100-sxm",
        "layout",
        "instances",
        "weights",
        "tokens/s",
        "$/h",
        "ms",
        "kW",
    ):
        assert word in words, word


def test_every_number_is_there_however_narrow(plan: Plan) -> None:
    wide, narrow = printed(plan, 200), printed(plan, 40)
    for row in plan.instances.itertuples():
        assert f"{row.tokens_per_s:,.0f}" in narrow
    assert sum(wide.count(digit) for digit in "0123456789") == sum(
        narrow.count(digit) for digit in "0123456789"
    )


def test_total_is_the_cost_of_the_plan(plan: Plan) -> None:
    total = next(line for line in printed(plan, 100).splitlines() if line.startswith("total"))
    assert total.split()[1] == f"{plan.gpus:,}"
    assert total.split()[-1] == f"{plan.usd_per_hour:,.2f}"


def test_names_are_not_markup(hostile_plan: Plan) -> None:
    text = printed(hostile_plan, 400)
    assert text.count(HOSTILE) >= 4
    assert "\x1b" not in text


def test_columns_without_entries_are_left_out(plan: Plan) -> None:
    assert "draft" not in printed(plan, 200)
    drafted = dataclasses.replace(plan, instances=plan.instances.assign(speculation="llama-3.2-1b 3"))
    assert "draft" in printed(drafted, 200)


def test_without_a_plan_the_reason_is_said(infeasible_plan: Plan) -> None:
    text = printed(infeasible_plan, 100)
    assert "no plan" in text and "Proven: no fleet" in text
    assert "Certificate" not in text


def test_pipes_are_wide_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr("sys.stdout", io.StringIO())
    assert report_console().width == PIPE_WIDTH


def test_shares_that_round_to_nothing_keep_a_digit() -> None:
    assert [share(value) for value in (0.0, 0.0001, 0.004, 0.0094, 0.0096, 0.31)] == [
        "0",
        "0",
        "0.4",
        "0.9",
        "1",
        "31",
    ]
