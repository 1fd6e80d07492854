"""Entries: what limits put into the program; rows of every form, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field

from formulations.program.data import Cap, Spares
from planner.config.resolved import ResolvedStudy


@dataclass
class Entries:
    """Filled by every limit in turn, then read once by `problem.data`."""

    study: ResolvedStudy
    most_accelerators: dict[str, int] = field(default_factory=dict)
    """By supply."""
    most_kinds: dict[str, int] = field(default_factory=dict)
    """By workload."""
    spares: Spares = field(default_factory=Spares)
    caps: list[Cap] = field(default_factory=list)
