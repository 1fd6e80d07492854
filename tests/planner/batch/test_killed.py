"""A run killed with SIGKILL and started again leaves what an uninterrupted run leaves, and solves nothing twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from planner.batch.results import load_tables
from planner.batch.runner import run_batch
from planner.batch.scenarios import read_batch
from planner.batch.store import FILE, parsed
from planner.batch.workers import Workers

FLEETPLAN = (sys.executable, "-c", "from planner.cli import main; main()")
KILLS = 3
"""The benchmark kills ten times in a larger batch."""


def _start(scenario_file: Path, folder: Path) -> subprocess.Popen[bytes]:
    command = [*FLEETPLAN, "whatif", str(scenario_file), "--out", str(folder), "--jobs", "1"]
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def _lines(folder: Path) -> int:
    path = folder / FILE
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_killed_at_random_moments_and_resumed(scenario_file: Path, tmp_path: Path) -> None:
    chosen = random.Random(11)
    folder = tmp_path / "killed"
    for kill in range(KILLS):
        process = _start(scenario_file, folder)
        wanted = min(11, _lines(folder) + chosen.randint(1, 3))
        while _lines(folder) < wanted and process.poll() is None:
            time.sleep(0.002)
        time.sleep(chosen.random() * 0.02)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert _lines(folder) >= min(wanted, kill + 1)
    assert _start(scenario_file, folder).wait() == 0
    records = [parsed(line) for line in (folder / FILE).read_bytes().splitlines(keepends=True)]
    identities = [record["scenario"] for record in records if record]
    assert len(identities) == len(set(identities)) == len(records) == 12
    run_batch(read_batch(scenario_file), tmp_path / "whole", Workers(jobs=1), show_progress=False)
    assert_same(folder, tmp_path / "whole")


def assert_same(one: Path, other: Path) -> None:
    """Both runs' tables are equal but for seconds."""
    for name in ("scenarios", "instances"):
        frames = [getattr(load_tables(folder), name) for folder in (one, other)]
        kept = [
            frame[sorted(c for c in map(str, frame.columns) if not c.startswith("seconds"))]
            for frame in frames
        ]
        pd.testing.assert_frame_equal(kept[0], kept[1])


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_is_said_and_the_run_goes_on(
    scenario_file: Path, tmp_path: Path, kind: signal.Signals
) -> None:
    command = [*FLEETPLAN, "whatif", str(scenario_file), "--out", str(tmp_path / "o"),
               "--jobs", "1", "--output", "json"]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while _lines(tmp_path / "o") < 1 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(kind)
    _, said = process.communicate(timeout=60)
    finished = _lines(tmp_path / "o")
    if process.returncode == 130:
        assert "interrupted; every finished scenario is in" in said
    else:
        assert process.returncode == 0  # it was done before the signal came
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert len(json.loads(done.stdout)) == 12
    assert f"{finished} are in the folder already" in done.stderr
