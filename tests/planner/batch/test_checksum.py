"""A damaged table of a run is refused, whatever byte is another; one without a checksum is read as it is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from planner.batch.checksum import verify
from planner.batch.results import load_tables
from planner.batch.runner import run_batch
from planner.batch.scenarios import read_batch
from planner.batch.workers import Workers
from planner.errors import InputError
from tests.fuzz.conftest import TWO
from tests.fuzz.formats import MEASURED, PROFILE


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    for name, content in (("config.yaml", MEASURED), ("profile.csv", PROFILE), ("two.yaml", TWO)):
        (folder / name).write_text(content, encoding="utf-8")
    run_batch(read_batch(folder / "two.yaml"), folder / "run", Workers(1))
    return folder / "run"


def test_sha256sum_agrees(run: Path) -> None:
    for table in ("scenarios", "instances"):
        checked = subprocess.run(
            ["sha256sum", "-c", f"{table}.parquet.sha256"], cwd=run, capture_output=True, check=False
        )
        assert checked.returncode == 0


def test_every_changed_byte_is_found(run: Path, tmp_path: Path) -> None:
    whole = (run / "scenarios.parquet").read_bytes()
    path = tmp_path / "scenarios.parquet"
    (tmp_path / "scenarios.parquet.sha256").write_bytes((run / "scenarios.parquet.sha256").read_bytes())
    path.write_bytes(whole)
    verify(path)
    for at in range(0, len(whole), 97):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(InputError, match="is damaged"):
            verify(path)


def test_a_run_without_checksums_is_read_and_judged_by_its_columns(run: Path, tmp_path: Path) -> None:
    for table in ("scenarios", "instances"):
        (tmp_path / f"{table}.parquet").write_bytes((run / f"{table}.parquet").read_bytes())
    assert len(load_tables(tmp_path).scenarios) == 3
    (tmp_path / "scenarios.parquet").write_bytes((run / "instances.parquet").read_bytes())
    with pytest.raises(InputError, match="column number"):
        load_tables(tmp_path)
    (tmp_path / "scenarios.parquet").write_bytes(b"PAR1 no table PAR1")
    with pytest.raises(InputError, match="cannot be read"):
        load_tables(tmp_path)
