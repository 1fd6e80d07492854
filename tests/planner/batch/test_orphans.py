"""Workers do not outlive a run that was killed, even in the middle of a long solve."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from planner.batch.orphans import LOOK_S, end_with

RUN = """
import os, sys, time
from pathlib import Path
from planner.batch import workers as module
from planner.batch.base import Base
from planner.batch.solve_one import Task

def endless(base, task, settings):
    Path(sys.argv[1], f"{os.getpid()}").touch()
    time.sleep(600)

module.solve_task = endless
list(module.Workers(jobs=2).solve(Base({}, {}, "config", Path()), [Task("a", {}), Task("b", {})]))
"""


def _alive(process: int) -> bool:
    """Whether a process runs; one that ended and that nobody has asked about does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_end_when_their_run_is_killed(tmp_path: Path) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    end = time.monotonic() + 60
    while len(list(tmp_path.iterdir())) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    workers = [int(path.name) for path in tmp_path.iterdir()]
    assert len(workers) == 2
    assert all(map(_alive, workers))
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    end = time.monotonic() + 20 * LOOK_S
    while any(map(_alive, workers)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(_alive, workers))


def test_who_is_no_child_of_the_run_is_left_alone() -> None:
    end_with(os.getpid())  # a process is not its own parent: nothing is watched, and this test goes on
    from planner.batch import orphans

    assert orphans._watching == []
