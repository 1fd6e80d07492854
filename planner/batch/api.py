"""`planner.whatif`: a batch from Python and notebooks, as DataFrames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from planner.batch.results import load_tables
from planner.batch.runner import run_batch
from planner.batch.scenario import Batch
from planner.batch.scenarios import read_batch
from planner.batch.solve_one import Settings
from planner.batch.workers import Workers
from planner.config.resolved import ResolvedStudy

Scenarios = str | Path | Mapping[str, Any] | Sequence[Mapping[str, Any]]


def whatif(
    study: ResolvedStudy | str | Path | Mapping[str, Any] | None,
    scenarios: Scenarios,
    *,
    out: str | Path | None = None,
    jobs: int | None = None,
    threads: int = 1,
    simplify: bool = False,
    limit: int | None = None,
    progress: bool = False,
) -> pd.DataFrame:
    """Solve scenarios of a study and return the scenarios table (columns: `planner.batch.results`).

    `study` is a config's path, a mapping, or what `load_study` returned; None takes the scenario file's own `base`.
    `scenarios` is a path of a scenario file, a mapping with its keys (`grid`, `monte_carlo`, …), or a list of mappings
    from key path to value, one per scenario. `out` keeps the run in a folder, so that it can be resumed. The instances
    table is `result.attrs["instances"]`. Raises `InputError` for bad input.
    """
    source: str | Path | Mapping[str, Any]
    if isinstance(scenarios, str | Path | Mapping):
        source = scenarios
    else:
        named = [{"name": f"scenario {i}", "set": dict(one)} for i, one in enumerate(scenarios, start=1)]
        source = {"base": "", "include_base": False, "scenarios": named}
    batch = read_batch(source, base=study, limit=limit)
    workers = Workers(jobs, Settings(threads, simplify))
    if out is not None:
        return _run(batch, Path(out), workers, progress)
    with TemporaryDirectory(prefix="fleetplan-") as folder:
        return _run(batch, Path(folder), workers, progress)


def _run(batch: Batch, folder: Path, workers: Workers, progress: bool) -> pd.DataFrame:
    run_batch(batch, folder, workers, show_progress=progress)
    tables = load_tables(folder)
    result = tables.scenarios
    result.attrs["instances"] = tables.instances
    return result
