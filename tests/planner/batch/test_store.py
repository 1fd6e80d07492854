"""The store keeps whole records only: torn, damaged and unwritable lines cost their own scenario and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from planner.batch.store import FILE, Store, parsed
from planner.errors import InputError


def _record(name: str, **more: Any) -> dict[str, Any]:
    return {"scenario": name, "termination": "optimal", **more}


def _filled(folder: Path, count: int = 3) -> Path:
    with Store(folder) as store:
        for i in range(count):
            store.add(_record(f"s{i}", text="Zürich\n=1+1", number=0.1 + 0.2))
    return folder / FILE


def test_what_is_written_is_read_exactly(tmp_path: Path) -> None:
    path = _filled(tmp_path)
    records = [parsed(line) for line in path.read_bytes().splitlines(keepends=True)]
    assert [record and record["scenario"] for record in records] == ["s0", "s1", "s2"]
    assert records[0] == _record("s0", text="Zürich\n=1+1", number=0.1 + 0.2)


def test_cutting_the_file_anywhere_loses_the_torn_record_alone(tmp_path: Path) -> None:
    whole = _filled(tmp_path).read_bytes()
    ends = [i + 1 for i, byte in enumerate(whole) if byte == 10]
    beside = {end + step for end in [0, *ends] for step in (-2, -1, 0, 1, 5, 9, 30)}
    for cut in sorted(cut for cut in beside if 0 <= cut <= len(whole)):
        (tmp_path / FILE).write_bytes(whole[:cut])
        with Store(tmp_path) as store:
            complete = sum(end <= cut for end in ends)
            assert len(store.finished) == complete
            assert store.damaged == 0
            store.add(_record("next"))
        with Store(tmp_path) as store:
            assert set(store.finished) == {*(f"s{i}" for i in range(complete)), "next"}


def test_a_flipped_bit_anywhere_costs_one_record(tmp_path: Path) -> None:
    whole = _filled(tmp_path).read_bytes()
    for position in range(0, len(whole), 7):
        flipped = bytearray(whole)
        flipped[position] ^= 0x04
        (tmp_path / FILE).write_bytes(flipped)
        with Store(tmp_path) as store:
            assert len(store.finished) >= 1
            assert set(store.finished) < {"s0", "s1", "s2"}


def test_a_later_record_of_a_scenario_counts(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.add(_record("a"))
        store.add({"scenario": "a", "termination": "time_limit"})
    with Store(tmp_path) as store:
        assert store.finished == {"a": "time_limit"}


def test_a_full_disk_is_said_and_leaves_whole_records(tmp_path: Path) -> None:
    """The kernel refuses bytes beyond a limit on the file's size, in the middle of a record."""
    code = f"""
import resource, signal
from pathlib import Path
from planner.errors import InputError
from planner.batch.store import Store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    with Store(Path({str(tmp_path)!r})) as store:
        for i in range(100):
            store.add({{"scenario": f"s{{i}}", "termination": "optimal", "text": "x" * 100}})
except InputError as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "cannot be written" in said and "run the same command again" in said
    assert (tmp_path / FILE).read_bytes().endswith(b"\n")
    with Store(tmp_path) as store:
        assert f"the {len(store.finished)} scenarios in it are whole" in said
        assert 3 <= len(store.finished) < 100
        store.add(_record("after"))


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(InputError, match="cannot be written"), Store(tmp_path):
        raise AssertionError("opened a directory")
