"""Workers: local processes by joblib, or an existing Dask cluster; records come back as they finish.

A worker that dies (killed for memory, a crash of native code) takes the scenarios in its hands with it. Those are then
solved one at a time, so that the one to blame is known and becomes a failed row, and the batch goes on.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from planner.batch.base import Base
from planner.batch.orphans import end_with
from planner.batch.solve_one import Record, Settings, Task, failure, solve_task
from planner.errors import InputError

DIED = "the worker process died; killed for memory, most likely"
IDLE_S = 60
"""Workers without a task for so long end."""
_CONNECT_S = 10


@dataclass(frozen=True)
class Workers:
    """Where and how wide to run."""

    jobs: int | None = None
    """Local processes; None: one per core."""
    settings: Settings = field(default_factory=Settings)
    backend: Literal["local", "dask"] = "local"
    scheduler: str | None = None
    """Address of the cluster's scheduler."""

    def solve(self, base: Base, tasks: list[Task]) -> Generator[Record, None, None]:
        """Records of all tasks, in any order; raises `InputError` where the cluster is not there (or no longer)."""
        if not tasks:
            return
        if self.backend == "dask":
            yield from self._on_cluster(base, tasks)
        elif self.jobs == 1:
            yield from (solve_task(base, task, self.settings) for task in tasks)
        else:
            yield from self._surviving(
                base, tasks, {"backend": "loky", "idle_worker_timeout": IDLE_S}, self.jobs or -1
            )

    def _surviving(
        self, base: Base, tasks: list[Task], backend: dict[str, Any], jobs: int
    ) -> Generator[Record, None, None]:
        """Records of all tasks although workers may die."""
        left = {task.scenario: task for task in tasks}
        while left:
            taken: dict[str, Task] = {}
            try:
                for record in self._parallel(base, _noting(left.values(), taken), backend, jobs):
                    del left[record["scenario"]]
                    yield record
                return
            except deaths():
                suspects = [task for identity, task in taken.items() if identity in left]
            for task in suspects:
                del left[task.scenario]
                try:
                    yield from list(self._parallel(base, [task], backend, max(2, min(jobs, 2))))
                except deaths():
                    yield failure(task.scenario, DIED)

    def _parallel(
        self, base: Base, tasks: Iterable[Task], backend: dict[str, Any], jobs: int
    ) -> Generator[Record, None, None]:
        from joblib import Parallel, delayed, parallel_config

        with parallel_config(**backend):
            records = Parallel(n_jobs=jobs, return_as="generator_unordered", pre_dispatch="2*n_jobs")(
                delayed(in_child)(os.getpid(), solve_task, base, task, self.settings) for task in tasks
            )
        try:
            # not `yield from`, which would close them before the warning is silenced
            for record in records:  # noqa: UP028
                yield record
        finally:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # that it cancels what nobody waits for any more
                records.close()

    def _on_cluster(self, base: Base, tasks: list[Task]) -> Generator[Record, None, None]:
        with cluster(self.scheduler) as client:
            try:
                yield from self._surviving(base, tasks, {"backend": "dask", "client": client}, -1)
            except _cluster_faults() as error:
                raise InputError(
                    [
                        f"{self.scheduler}: the cluster was lost ({type(error).__name__}: {error}); every finished "
                        "scenario is in the store. Run the same command again when it is back"
                    ]
                ) from None


def in_child(
    parent: int, solve: Callable[[Base, Task, Settings], Record], base: Base, task: Task, settings: Settings
) -> Record:
    """Solve a task in a process that ends with the parent that started it; a cluster's workers have another."""
    end_with(parent)
    return solve(base, task, settings)


def _noting(tasks: Iterable[Task], taken: dict[str, Task]) -> Iterator[Task]:
    """The tasks, each noted when it is handed out."""
    for task in list(tasks):
        taken[task.scenario] = task
        yield task


def deaths() -> tuple[type[BaseException], ...]:
    """Errors that say a worker died."""
    from joblib.externals.loky.process_executor import BrokenProcessPool, TerminatedWorkerError

    try:
        from distributed.scheduler import KilledWorker
    except ImportError:
        return BrokenProcessPool, TerminatedWorkerError
    return BrokenProcessPool, TerminatedWorkerError, KilledWorker


def _cluster_faults() -> tuple[type[BaseException], ...]:
    from asyncio import CancelledError as Cancelled

    from distributed import CancelledError
    from distributed.comm.core import CommClosedError

    return OSError, TimeoutError, CommClosedError, CancelledError, Cancelled


@contextlib.contextmanager
def cluster(address: str | None) -> Iterator[Any]:
    """A client of a running Dask cluster whose workers can import this planner; raises `InputError`."""
    if address is None:
        raise InputError(["--backend dask: needs --scheduler, the cluster's address such as tcp://host:8786"])
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            [
                "--backend dask: distributed is not installed here; install it with `pip install 'fleetplan[cluster]'`"
            ]
        ) from None
    try:
        client = Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise InputError(
            [
                f"{address}: no Dask scheduler answers there ({type(error).__name__}); check the address, or start one"
            ]
        ) from None
    try:
        _check_workers(client, address)
        yield client
    finally:
        client.close()


def _check_workers(client: Any, address: str) -> None:
    from importlib.metadata import version

    found = client.run(_version)
    if not found:
        raise InputError(
            [f"{address}: the cluster has no workers; start some and run the same command again"]
        )
    here = version("fleetplan")
    wrong = sorted(worker for worker, there in found.items() if there != here)
    if wrong:
        raise InputError(
            [
                f"{address}: fleetplan {here} is not installed on {len(wrong)} workers ({wrong[0]}); install it there"
            ]
        )


def _version() -> str | None:
    """Version of the planner on a worker, None where it is not there."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("fleetplan")
    except PackageNotFoundError:
        return None
