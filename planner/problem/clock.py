"""The time of a question that is answered in stages: what is left of its limit, and seconds by stage."""

from __future__ import annotations

import time

LEAST_SECONDS = 0.05
"""A stage that must run gets at least this."""


class Clock:
    """Starts when it is made."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self.start = self.mark = time.perf_counter()
        self.spent: dict[str, float] = {}

    def left(self, kept: float = 0.0) -> float:
        """Seconds left, a share of the whole limit kept for later; never less than `LEAST_SECONDS`."""
        return max(LEAST_SECONDS, (1 - kept) * self.limit_s - (time.perf_counter() - self.start))

    @property
    def expired(self) -> bool:
        """Whether the limit has passed."""
        return time.perf_counter() - self.start >= self.limit_s

    def lap(self, stage: str) -> None:
        """Count the time since the last lap."""
        now = time.perf_counter()
        self.spent[stage] = self.spent.get(stage, 0.0) + now - self.mark
        self.mark = now

    def timed(self, stage: str, since: float) -> None:
        """Count the time since a `perf_counter` value."""
        self.spent[stage] = self.spent.get(stage, 0.0) + time.perf_counter() - since

    def add(self, timings: dict[str, float]) -> None:
        """Count the stages of a part, which ran since the last lap."""
        for stage, seconds in timings.items():
            self.spent[stage] = self.spent.get(stage, 0.0) + seconds
        self.mark = time.perf_counter()
