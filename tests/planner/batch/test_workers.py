"""Local processes give what one process gives; a worker that dies costs its own scenario and nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from planner.batch import workers as module
from planner.batch.base import Base
from planner.batch.runner import run_batch
from planner.batch.scenarios import read_batch
from planner.batch.solve_one import Record, Settings, Task
from planner.batch.workers import DIED, Workers
from planner.errors import InputError
from tests.planner.batch.conftest import STUDY
from tests.planner.batch.test_killed import assert_same


def _deadly(base: Base, task: Task, settings: Settings) -> Record:
    if task.scenario == "s3":
        os._exit(1)
    return {"scenario": task.scenario, "termination": "optimal", "solution": "proven", "pid": os.getpid()}


def test_two_processes_equal_one(scenario_file: Path, tmp_path: Path) -> None:
    for jobs in (1, 2):
        batch = read_batch(scenario_file)
        summary = run_batch(batch, tmp_path / str(jobs), Workers(jobs=jobs), show_progress=False)
        assert summary.solved == 12
    assert_same(tmp_path / "1", tmp_path / "2")


def test_a_dying_worker_is_found_out_and_the_rest_is_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "solve_task", _deadly)
    tasks = [Task(f"s{i}", {}) for i in range(8)]
    base = Base(STUDY, STUDY, "config", Path())
    records: dict[str, Any] = {r["scenario"]: r for r in Workers(jobs=2).solve(base, tasks)}
    assert sorted(records) == [f"s{i}" for i in range(8)]
    assert records["s3"]["message"] == DIED
    assert records["s3"]["termination"] == "error"
    assert [name for name, record in records.items() if record["solution"] == "none"] == ["s3"]


def test_no_tasks_start_no_process() -> None:
    assert list(Workers(jobs=2).solve(Base({}, {}, "config", Path()), [])) == []


def test_a_cluster_needs_an_address_that_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(module, "_CONNECT_S", 0.5)
    base, tasks = Base(STUDY, STUDY, "config", Path()), [Task("a", {})]
    with pytest.raises(InputError, match="needs --scheduler"):
        list(Workers(backend="dask").solve(base, tasks))
    with pytest.raises(InputError, match="no Dask scheduler answers there"):
        list(Workers(backend="dask", scheduler="tcp://127.0.0.1:9").solve(base, tasks))
    with pytest.raises(InputError, match="no Dask scheduler answers there"):
        list(Workers(backend="dask", scheduler="not an address").solve(base, tasks))
