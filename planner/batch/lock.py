"""Lock: one run at a time writes into a folder; the system lets go of it however the run ends."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from planner.errors import InputError

FILE = "lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a run's folder (made where it is not there); raises `InputError` where it cannot be had."""
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise InputError(
            [f"{folder}: cannot be written: {error.strerror}; choose another folder with --out"]
        ) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise InputError([f"{path}: cannot be locked: {error.strerror}"]) from None
            holder = os.read(handle, 32).decode(errors="replace").strip()
            raise InputError(
                [
                    f"{folder}: another run writes here (process {holder or 'unknown'}); wait for it, or choose another "
                    "folder with --out"
                ]
            ) from None
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(handle)
