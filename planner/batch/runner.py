"""Run a batch into a folder: check everything, solve what is not there yet, write the tables. As a recipe."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from planner.batch.content import content_hash
from planner.batch.lock import locked
from planner.batch.paths import PathError
from planner.batch.progress import progress
from planner.batch.scenario import Batch, Scenario, places_of
from planner.batch.solve_one import Record, Task
from planner.batch.store import Store
from planner.batch.tables import write_tables
from planner.batch.workers import Workers
from planner.errors import InputError

MOST_PROBLEMS = 20
"""Problems shown; thousands of scenarios tend to have the same few."""
UNFINISHED = ("error", "time_limit")
"""Terminations that another run may improve on."""


@dataclass
class Summary:
    """What a run did; seconds of workers are summed over them."""

    scenarios: int
    distinct: int
    found_before: int
    solved: int = 0
    wall_s: float = 0.0
    check_s: float = 0.0
    write_s: float = 0.0
    damaged: int = 0
    endings: Counter[str] = field(default_factory=Counter)
    """How many distinct scenarios ended how, earlier runs included."""
    stages: Counter[str] = field(default_factory=Counter)
    """Seconds of workers by stage."""

    @property
    def rate(self) -> float:
        """Scenarios per second of this run."""
        return self.solved / self.wall_s if self.wall_s > 0 else 0.0

    def shares(self) -> dict[str, float]:
        """Share of all time spent in each stage, writing included; they sum to 1."""
        spent = {**self.stages, "write": self.write_s}
        total = sum(spent.values())
        return {stage: seconds / total for stage, seconds in spent.items()} if total > 0 else {}


def check_batch(batch: Batch) -> list[str]:
    """Content hash of every scenario, all of them checked; raises `InputError` with the problems."""
    ids: list[str] = []
    problems: list[str] = []
    for scenario in batch.scenarios:
        try:
            study = batch.base.study(places_of(batch.base, scenario), _label(batch, scenario))
            if study.config.question.many_plans:
                label = _label(batch, scenario)
                problems.append(
                    f"{label}: question.frontier has many plans; make each a scenario, or ask for one plan"
                )
            ids.append(content_hash(study))
        except PathError as error:
            problems.append(f"{_label(batch, scenario)}: {error}")
        except InputError as error:
            problems += error.problems
        if len(problems) > MOST_PROBLEMS:
            raise InputError([*problems[:MOST_PROBLEMS], f"{batch.file}: more of the kind; these come first"])
    if problems:
        raise InputError(problems)
    return ids


def _label(batch: Batch, scenario: Scenario) -> str:
    return f"{batch.file}: scenario {scenario.number} ({scenario.name})"


def run_batch(
    batch: Batch,
    folder: Path,
    workers: Workers,
    *,
    retry: bool = False,
    show_progress: bool = True,
    announce: Callable[[str], None] = lambda text: None,
) -> Summary:
    """Solve a batch into a folder and write its tables; what the folder holds already is not solved again.

    `retry` solves scenarios again that failed or ran out of time. Raises `InputError` for bad scenarios (before anything
    runs), a folder in use or not writable, a full disk, and a cluster that is not there; finished scenarios stay.
    """
    begin = time.perf_counter()
    ids = check_batch(batch)
    tasks = {
        identity: Task(identity, places_of(batch.base, scenario))
        for identity, scenario in zip(ids, batch.scenarios, strict=True)
    }
    checked = time.perf_counter() - begin
    with locked(folder), Store(folder) as store:
        done = {i for i in tasks if i in store.finished and not (retry and store.finished[i] in UNFINISHED)}
        summary = Summary(len(ids), len(tasks), len(done), check_s=checked, damaged=store.damaged)
        announce(_announcement(batch, summary))
        pending = [task for identity, task in tasks.items() if identity not in done]
        try:
            with (
                progress(len(tasks), len(done), show_progress) as bar,
                closing(workers.solve(batch.base, pending)) as records,
            ):
                for record in records:
                    _keep(record, store, summary)
                    bar.advance(record["solution"] == "none")
        finally:
            summary.endings = Counter(store.finished[i] for i in tasks if i in store.finished)
        since = time.perf_counter()
        store.flush()
        write_tables(batch, ids, folder)
        summary.write_s += time.perf_counter() - since
    summary.wall_s = time.perf_counter() - begin
    return summary


def _keep(record: Record, store: Store, summary: Summary) -> None:
    since = time.perf_counter()
    store.add(record)
    summary.write_s += time.perf_counter() - since
    summary.solved += 1
    summary.stages.update(record["stages"])


def _announcement(batch: Batch, summary: Summary) -> str:
    text = f"{summary.scenarios:,} scenarios"
    if batch.total != summary.scenarios:
        text += f" (the first of {batch.total:,})"
    if summary.distinct != summary.scenarios:
        text += f", {summary.distinct:,} distinct"
    if summary.found_before:
        text += f"; {summary.found_before:,} are in the folder already"
    if summary.damaged:
        text += f"; {summary.damaged:,} damaged lines of the store are not believed"
    return text
