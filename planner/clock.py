"""The time of a question that is answered in stages: what is left of its limit, and seconds by stage."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

LEAST_SECONDS = 0.05
"""Whatever is solved gets at least this."""


class Clock:
    """Starts when it is made. The only thing in planning that looks at the time."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self.start = time.perf_counter()
        self.spent: dict[str, float] = {}

    def left(self, kept: float = 0.0) -> float:
        """Seconds left, a share of the whole limit kept for later; never less than `LEAST_SECONDS`."""
        return max(LEAST_SECONDS, (1 - kept) * self.limit_s - self.elapsed)

    @property
    def elapsed(self) -> float:
        """Seconds since it was made."""
        return time.perf_counter() - self.start

    @property
    def expired(self) -> bool:
        """Whether the limit has passed."""
        return self.elapsed >= self.limit_s

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time of a block under a name."""
        since = time.perf_counter()
        try:
            yield
        finally:
            self.spent[name] = self.spent.get(name, 0.0) + time.perf_counter() - since

    def add(self, timings: Mapping[str, float]) -> None:
        """Count the stages of a part that timed itself."""
        for stage, seconds in timings.items():
            self.spent[stage] = self.spent.get(stage, 0.0) + seconds
