"""Store: finished scenarios in one append-only file, a checksummed line each.

    <crc32 of the text, 8 hexadecimal digits> <JSON record>\\n

A line is written in one piece after its scenario is finished, so a killed run leaves whole lines and at most one torn one
at the end, which the next run cuts off. A line whose checksum is wrong is not believed: its scenario is solved again.
`flush` puts what was written on the disk itself; a crash of the machine loses what came after the last one.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from pathlib import Path
from types import TracebackType
from typing import Any

from planner.errors import InputError

FILE = "scenarios.log"
FLUSH_EVERY_S = 2.0


def store_path(folder: Path) -> Path:
    """The store of a run's folder."""
    return folder / FILE


class Store:
    """Appends records to a run's folder; only one process holds it (see `lock`)."""

    def __init__(self, folder: Path) -> None:
        self.path = store_path(folder)
        self.finished: dict[str, str] = {}
        """Termination of every scenario that is in the store, by content hash."""
        self.damaged = 0
        """Lines that were not believed."""
        self._handle = -1
        self._end = 0
        self._flushed = time.monotonic()

    def __enter__(self) -> Store:
        self._end = self._scan()
        try:
            self._handle = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o644)
            os.ftruncate(self._handle, self._end)  # a torn last line
            os.lseek(self._handle, self._end, os.SEEK_SET)
        except OSError as error:
            raise self._problem(error) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handle >= 0:
            try:
                self.flush()
            finally:
                os.close(self._handle)
                self._handle = -1

    def add(self, record: dict[str, Any]) -> None:
        """Write one record; raises `InputError` where the disk does not take it, and leaves no part of it behind."""
        text = json.dumps(record, ensure_ascii=False, allow_nan=False).encode()
        line = b"%08x %s\n" % (zlib.crc32(text), text)
        written = 0
        try:
            while written < len(line):
                written += os.write(self._handle, line[written:])
        except OSError as error:
            os.ftruncate(self._handle, self._end)
            os.lseek(self._handle, self._end, os.SEEK_SET)
            raise self._problem(error) from None
        self._end += len(line)
        self.finished[record["scenario"]] = record["termination"]
        if time.monotonic() - self._flushed > FLUSH_EVERY_S:
            self.flush()

    def flush(self) -> None:
        """Put everything on the disk."""
        try:
            os.fsync(self._handle)
        except OSError as error:
            raise self._problem(error) from None
        self._flushed = time.monotonic()

    def _scan(self) -> int:
        """Read what is there; returns where the last whole line ends."""
        end = 0
        if not self.path.exists():
            return end
        try:
            with self.path.open("rb") as lines:
                for line in lines:
                    record = parsed(line)
                    if record is not None:
                        self.finished[record["scenario"]] = record["termination"]
                    elif line.endswith(b"\n"):
                        self.damaged += 1
                    if line.endswith(b"\n"):
                        end += len(line)
        except OSError as error:
            raise self._problem(error) from None
        return end

    def _problem(self, error: OSError) -> InputError:
        count = len(self.finished)
        return InputError(
            [
                f"{self.path}: cannot be written: {error.strerror}; the {count} scenarios in it are whole. Make room or "
                "choose a folder that can be written, and run the same command again: it goes on where it stopped"
            ]
        )


def parsed(line: bytes) -> dict[str, Any] | None:
    """The record of a line, or None where it is torn or damaged."""
    checksum, _, text = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or len(checksum) != 8:
        return None
    try:
        if int(checksum, 16) != zlib.crc32(text):
            return None
        record = json.loads(text)
    except ValueError:
        return None
    return record if isinstance(record, dict) and "scenario" in record and "termination" in record else None
