"""A real Dask cluster on this machine solves a batch as local processes do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from planner.batch.runner import run_batch
from planner.batch.scenarios import read_batch
from planner.batch.store import Store
from planner.batch.workers import Workers
from planner.errors import InputError
from tests.planner.batch.test_killed import assert_same

distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")  # of distributed's own sockets and ports


@pytest.fixture
def cluster() -> Iterator[Any]:
    """Two worker processes of two threads each."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None
    ) as running:
        yield running


def test_a_cluster_equals_local_processes(cluster: Any, scenario_file: Path, tmp_path: Path) -> None:
    remote = Workers(backend="dask", scheduler=cluster.scheduler_address)
    summary = run_batch(read_batch(scenario_file), tmp_path / "far", remote, show_progress=False)
    assert summary.solved == 12
    run_batch(read_batch(scenario_file), tmp_path / "near", Workers(jobs=1), show_progress=False)
    assert_same(tmp_path / "far", tmp_path / "near")


def test_a_cluster_that_goes_away_loses_nothing(cluster: Any, scenario_file: Path, tmp_path: Path) -> None:
    remote = Workers(backend="dask", scheduler=cluster.scheduler_address)
    batch = read_batch(scenario_file)
    from planner.batch.runner import check_batch, places_of
    from planner.batch.solve_one import Task

    tasks = [
        Task(i, places_of(batch.base, s)) for i, s in zip(check_batch(batch), batch.scenarios, strict=True)
    ]
    with Store(tmp_path) as store, pytest.raises(InputError, match="the cluster was lost"):
        for record in remote.solve(batch.base, tasks):
            store.add(record)
            cluster.close()
    with Store(tmp_path) as store:
        kept = len(store.finished)
    assert kept >= 1
    summary = run_batch(batch, tmp_path, Workers(jobs=1), show_progress=False)
    assert (summary.found_before, summary.solved) == (kept, 12 - kept)
