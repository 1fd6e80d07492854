"""Run a command in this process and say how it ended: an answer, a message, or something that must not happen."""

from __future__ import annotations

import contextlib
import io
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import pytest

from planner.cli import main

LONGEST_S = 20
ANSWERED, REFUSED = 0, 2
ENDINGS = (ANSWERED, REFUSED, 3, 4)
"""Answered, bad input, proven infeasible, no plan within the limits."""


@dataclass(frozen=True)
class Ending:
    """How a command ended."""

    code: int
    out: str
    err: str
    seconds: float
    crash: str = ""
    """The traceback, where it left one."""

    @property
    def wrong(self) -> str:
        """What must not be, in words; empty where all is well."""
        if self.crash:
            return f"crashed: {self.crash}"
        if self.code not in ENDINGS:
            return f"exit code {self.code}: {self.err[-600:]}"
        if self.code == REFUSED and not self.err.strip():
            return "refused without a word"
        if "Traceback" in self.err:
            return f"traceback: {self.err[-600:]}"
        longest = max(map(len, self.err.splitlines()), default=0)
        return f"a message of {longest:,} characters" if longest > 3000 else ""


def ending(monkeypatch: pytest.MonkeyPatch, argv: Sequence[str], folder: Path) -> Ending:
    """Run `fleetplan ARGV` in a folder; what takes more than `LONGEST_S` seconds has crashed."""
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "argv", ["fleetplan", *argv])
    start, code, crash = time.perf_counter(), 0, ""
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            with _alarm():
                main()
        except SystemExit as stopped:
            code = stopped.code if isinstance(stopped.code, int) else int(stopped.code is not None)
        except BaseException:
            crash = traceback.format_exc(limit=-6)
    return Ending(code, out.getvalue(), err.getvalue(), time.perf_counter() - start, crash)


@contextlib.contextmanager
def _alarm() -> Iterator[None]:
    def late(signum: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"not done after {LONGEST_S} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(LONGEST_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
