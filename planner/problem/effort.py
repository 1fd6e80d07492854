"""Effort: how exactly, how long and with how many threads one program is solved."""

from __future__ import annotations

from dataclasses import dataclass, replace

from planner.config.resolved import ResolvedStudy


@dataclass(frozen=True)
class Effort:
    """What HiGHS may spend on one program."""

    gap: float = 1e-4
    time_limit_s: float = 60.0
    threads: int = 2
    seed: int = 0
    presolve: bool = True
    target: float | None = None
    """Stop at a solution at least this good, whatever the gap of the search itself."""
    nodes: int | None = None
    """Stop after this many nodes of the search."""

    def within(self, seconds: float) -> Effort:
        """The same with less time."""
        return replace(self, time_limit_s=min(self.time_limit_s, seconds))


def effort(
    study: ResolvedStudy,
    *,
    gap: float | None = None,
    seconds: float | None = None,
    target: float | None = None,
    nodes: int | None = None,
) -> Effort:
    """The config's settings, with another gap or time where given."""
    settings = study.config.solver
    return Effort(
        settings.gap if gap is None else gap,
        settings.time_limit_s if seconds is None else seconds,
        settings.threads,
        settings.seed,
        target=target,
        nodes=nodes,
    )
