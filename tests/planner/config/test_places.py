"""Every problem of a file is said with line and column, whether syntax, schema, name, or sense found it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from planner.config.load import load_study
from planner.config.places import located, text_of_file
from planner.errors import InputError
from planner.solving import solve

TEXT = """\
name: places
fleet:
  supply:
    - {accelerator: h100-sxm, price_usd_per_hour: 2.0}
    - accelerator: l40s
      price_usd_per_hour: 0.8
models:
  llama-3.1-8b: {architecture: llama-3.1-8b}
workloads:
  - name: chat.v2
    model: llama-3.1-8b
    input_tokens: 100
    output_tokens: 100
    demand_tokens_per_s: 1000
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "price_usd_per_hour: 0.8",
            "price_usd_per_hour: -1",
            ":6:7: fleet.supply[1].price_usd_per_hour = -1",
        ),
        ("    output_tokens: 100\n", "", ":10:5: workloads[0].output_tokens: is missing"),
        ("name: places\nfleet", "name: places\nfleeet", ":2:1: fleeet ="),
        (
            "architecture: llama-3.1-8b",
            "architecture: llama-9",
            ":8:18: models.llama-3.1-8b.architecture: unknown",
        ),
        (
            "    model: llama-3.1-8b",
            "    model: other",
            ":11:5: workloads[0].model: 'other' is not under models",
        ),
        ("accelerator: l40s", "accelerator: l4000", ":5:7: fleet.supply[1].accelerator: unknown"),
        ("name: places", "name: places\nmax_kinds_per_workload: 0", ":2:1: max_kinds_per_workload = 0"),
        ("name: places", "name: [places", ":2:6: not valid YAML"),
    ],
)
def test_a_problem_stands_where_it_is(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "a.yaml"
    assert old in TEXT
    path.write_text(TEXT.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_study(path)
    assert f"{path}{said}" in str(caught.value)


def test_a_problem_of_standard_input_has_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(TEXT.replace("0.8", "x")))
    with pytest.raises(InputError, match=r"^standard input:6:7: fleet\.supply\[1\]\.price_usd_per_hour"):
        load_study("-")


def test_a_problem_that_a_question_finds_later_has_a_place(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(TEXT + "question: {maximise: throughput}\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        solve(path)
    for problem in located(caught.value.problems, text_of_file):
        assert problem.startswith(f"{path}:15:1: question: throughput has no end")


@pytest.mark.parametrize("key", ["workloads.chat.v2.model", "workloads[chat.v2].model", "workloads[0].model"])
def test_entries_of_lists_are_found_by_number_and_by_name(key: str) -> None:
    assert located([f"a: {key}: wrong"], {"a": TEXT}.get) == [f"a:11:5: {key}: wrong"]


def test_what_names_no_key_keeps_its_words() -> None:
    for problem in ("a: scenario 3 (x): wrong", "nothing to place", "b: fleet: wrong", "a: nowhere: wrong"):
        assert located([problem], {"a": TEXT}.get) == [problem]
    assert text_of_file("no such\0file.yaml") is None
