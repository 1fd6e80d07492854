"""A run solves what is not there yet, turns every fault into a row, and keeps its folder to itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from planner.batch import solve_one, tables
from planner.batch.lock import locked
from planner.batch.results import load_tables
from planner.batch.runner import run_batch
from planner.batch.scenarios import read_batch
from planner.batch.store import FILE
from planner.batch.workers import Workers
from planner.errors import CertificateError, InputError
from planner.questions.minimise import Minimise
from tests.planner.batch.conftest import DEMAND, PACE, PRICE

HERE = Workers(jobs=1)


def _grid(study: dict[str, Any], **values: Any) -> Any:
    return read_batch({"base": study, "include_base": False, "grid": {DEMAND: [10000, 20000], **values}})


def test_a_second_run_solves_nothing_again(study: dict[str, Any], tmp_path: Path) -> None:
    first = run_batch(_grid(study), tmp_path, HERE, show_progress=False)
    before = (tmp_path / FILE).read_bytes()
    again = run_batch(_grid(study), tmp_path, HERE, show_progress=False)
    assert (first.solved, again.solved, again.found_before) == (2, 0, 2)
    assert (tmp_path / FILE).read_bytes() == before


def test_a_larger_file_goes_on_from_a_smaller_one(study: dict[str, Any], tmp_path: Path) -> None:
    run_batch(_grid(study), tmp_path, HERE, show_progress=False)
    summary = run_batch(_grid(study, **{PRICE: [2.0, 3.0]}), tmp_path, HERE, show_progress=False)
    assert (summary.found_before, summary.solved) == (2, 2)  # 2.0 is the base's price
    assert len(load_tables(tmp_path).scenarios) == 4


def test_equal_scenarios_are_solved_once_and_stand_twice(study: dict[str, Any], tmp_path: Path) -> None:
    batch = read_batch({"base": study, "scenarios": [{"name": "same", "set": {PRICE: 2.0}}]})
    summary = run_batch(batch, tmp_path, HERE, show_progress=False)
    table = load_tables(tmp_path).scenarios
    assert (summary.scenarios, summary.solved) == (2, 1)
    assert list(table["name"]) == ["base", "same"]
    assert table["usd_per_hour"].nunique() == 1
    assert len(load_tables(tmp_path).instances) >= 1
    assert set(load_tables(tmp_path).instances["scenario"]) == set(table["scenario"])


def test_infeasible_failed_and_late_scenarios_are_rows(
    study: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = solve_one.plan_from

    def failing(answer: Any, *checked: Any) -> Any:
        demand = answer.study.workloads[0].demand
        if demand == 11000:
            raise CertificateError("the plan failed its certificate")
        if demand == 12000:
            raise RuntimeError("boom")
        if demand == 13000:
            raise InputError(["config: sizes do not nest"])
        return real(answer, *checked)

    monkeypatch.setattr(solve_one, "plan_from", failing)
    batch = read_batch(
        {"base": study, "include_base": False, "grid": {DEMAND: [1e9, 11000, 12000, 13000, 10000]}}
    )
    summary = run_batch(batch, tmp_path, HERE, show_progress=False)
    table = load_tables(tmp_path).scenarios
    assert list(table["termination"]) == ["infeasible", "error", "error", "error", "optimal"]
    assert list(table["solution"]) == ["none"] * 4 + ["proven"]
    for said, text in zip(
        table["message"], ["proven", "certificate", "boom", "do not nest", ""], strict=True
    ):
        assert text in said
    assert table["usd_per_hour"].isna().tolist() == [True] * 4 + [False]
    assert table["gpus.l40s"].isna().tolist() == [True] * 4 + [False]
    assert summary.endings == {"error": 3, "infeasible": 1, "optimal": 1}
    monkeypatch.setattr(solve_one, "plan_from", real)
    assert run_batch(batch, tmp_path, HERE, show_progress=False).solved == 0
    retried = run_batch(batch, tmp_path, HERE, retry=True, show_progress=False)
    assert retried.solved == 3
    assert retried.endings == {"optimal": 4, "infeasible": 1}


def test_a_time_limit_is_a_row(
    study: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    real = Minimise.answer

    def late(question: Minimise, simplest: bool = True) -> Any:
        return replace(real(question, simplest), termination="time_limit", allocation=None, objective=None)

    monkeypatch.setattr(Minimise, "answer", late)
    run_batch(_grid(study), tmp_path, HERE, show_progress=False)
    table = load_tables(tmp_path).scenarios
    assert list(table["termination"]) == ["time_limit"] * 2
    assert table["message"].str.contains("time_limit_s").all()


def test_bad_scenarios_stop_a_run_before_it_touches_the_folder(study: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InputError):
        run_batch(_grid(study, **{PACE: [-1]}), tmp_path / "out", HERE, show_progress=False)
    assert not (tmp_path / "out").exists()


def test_many_problems_are_cut_short(study: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        run_batch(_grid(study, **{PACE: list(range(-50, 0))}), tmp_path, HERE, show_progress=False)
    assert len(caught.value.problems) == 21


def test_a_second_run_into_one_folder_is_refused(study: dict[str, Any], tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(InputError, match=r"another run writes here \(process \d+\)"):
        run_batch(_grid(study), tmp_path, HERE, show_progress=False)
    assert run_batch(_grid(study), tmp_path, HERE, show_progress=False).solved == 2


def test_a_place_that_is_no_folder_is_refused(study: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="cannot be written"):
        run_batch(_grid(study), tmp_path / "file", HERE, show_progress=False)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_full_disk_stops_the_run_and_the_next_goes_on(
    study: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import os

    real, room = os.write, [1]

    def write(handle: int, data: bytes) -> int:
        if data[8:9] == b" ":
            if room[0] == 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            room[0] -= 1
        return real(handle, data)

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(InputError, match="No space left on device; the 1 scenarios in it are whole"):
        run_batch(_grid(study), tmp_path, HERE, show_progress=False)
    monkeypatch.undo()
    summary = run_batch(_grid(study), tmp_path, HERE, show_progress=False)
    assert (summary.found_before, summary.solved) == (1, 1)


def test_tables_that_cannot_be_written_leave_the_store_whole(
    study: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tables, "_write", full)
    with pytest.raises(InputError, match="tables cannot be written: No space left"):
        run_batch(_grid(study), tmp_path, HERE, show_progress=False)
    monkeypatch.undo()
    assert run_batch(_grid(study), tmp_path, HERE, show_progress=False).found_before == 2


def test_damaged_records_are_solved_again(study: dict[str, Any], tmp_path: Path) -> None:
    run_batch(_grid(study), tmp_path, HERE, show_progress=False)
    content = bytearray((tmp_path / FILE).read_bytes())
    content[40] ^= 1
    (tmp_path / FILE).write_bytes(content)
    said: list[str] = []
    summary = run_batch(_grid(study), tmp_path, HERE, show_progress=False, announce=said.append)
    assert (summary.solved, summary.damaged) == (1, 1)
    assert "1 damaged" in said[0]
    assert list(load_tables(tmp_path).scenarios["solution"]) == ["proven"] * 2


def test_shares_of_time_sum_to_one(study: dict[str, Any], tmp_path: Path) -> None:
    summary = run_batch(_grid(study), tmp_path, HERE, show_progress=False)
    assert sum(summary.shares().values()) == pytest.approx(1.0)
    assert {"options", "build", "solve", "plan", "write"} <= summary.shares().keys()
    first = json.loads((tmp_path / FILE).read_text().splitlines()[0][9:])
    assert sum(first["stages"].values()) == pytest.approx(first["seconds"], rel=0.2)
