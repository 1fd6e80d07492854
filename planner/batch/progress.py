"""Progress of a batch on standard error: a bar with rate and time left; where it is no terminal, a line now and then."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

LINE_EVERY_S = 15.0


class Progress(Protocol):
    """Told about every finished scenario."""

    def advance(self, without_plan: bool) -> None:
        """One more scenario is in the store."""


class Silent:
    """Says nothing."""

    def advance(self, without_plan: bool) -> None:
        """One more scenario is in the store."""


@contextmanager
def progress(total: int, before: int, show: bool = True) -> Iterator[Progress]:
    """Progress over `total` scenarios of which `before` were finished by an earlier run."""
    if not show or total == before:
        yield Silent()
        return
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_terminal:
        with _Bar(console, total, before) as bar:
            yield bar
    else:
        yield _Lines(console, total, before)


class _Bar:
    """A bar, the rate and the time left."""

    def __init__(self, console: object, total: int, before: int) -> None:
        from rich import progress as rich_progress

        self.bar = rich_progress.Progress(
            rich_progress.TextColumn("{task.description}"),
            rich_progress.BarColumn(),
            rich_progress.MofNCompleteColumn(),
            rich_progress.TextColumn("{task.fields[rate]}"),
            rich_progress.TimeRemainingColumn(),
            rich_progress.TextColumn("{task.fields[failed]}"),
            console=console,  # type: ignore[arg-type]
        )
        self.task = self.bar.add_task("scenarios", total=total, completed=before, rate="", failed="")
        self.begin, self.done, self.failed = time.monotonic(), 0, 0

    def __enter__(self) -> _Bar:
        self.bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.bar.stop()

    def advance(self, without_plan: bool) -> None:
        """One more scenario is in the store."""
        self.done += 1
        self.failed += without_plan
        rate = self.done / max(time.monotonic() - self.begin, 1e-9)
        failed = f"{self.failed} without a plan" if self.failed else ""
        self.bar.update(self.task, advance=1, rate=f"{rate:.1f}/s", failed=failed)


class _Lines:
    """A line every few seconds, for logs."""

    def __init__(self, console: object, total: int, before: int) -> None:
        self.console, self.total, self.before = console, total, before
        self.begin = self.said = time.monotonic()
        self.done = self.failed = 0

    def advance(self, without_plan: bool) -> None:
        """One more scenario is in the store."""
        self.done += 1
        self.failed += without_plan
        now = time.monotonic()
        if now - self.said < LINE_EVERY_S:
            return
        self.said = now
        rate = self.done / (now - self.begin)
        finished = self.before + self.done
        left = (self.total - finished) / rate
        text = f"{finished:,} of {self.total:,} scenarios, {rate:.1f}/s, {left:,.0f} s left"
        self.console.print(text + (f", {self.failed} without a plan" if self.failed else ""))  # type: ignore[attr-defined]
