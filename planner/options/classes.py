"""Service classes: the paces and first tokens that options promise.

Options of a class hold its pace, and leave its workload's first token in time, for everyone they serve; so batches need
no binary and no big-M, and a workload may use any class as strict as it needs. Which workloads a first token in time for
one is enough for depends on the kind (how long their prompts take there), so that half is `first_token.budget_s`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planner.config.resolved import ResolvedWorkload


def exactly(value: float) -> str:
    """A number as ids have it: six digits where they are all, else every digit, so that no two numbers look alike."""
    short = f"{value:.6g}"
    return short if float(short) == value else f"{value:.17g}"


@dataclass(frozen=True)
class ServiceClass:
    """What everyone served by an option of the class gets."""

    pace: float
    """Tokens per second per user, at least; 0 promises nothing."""
    first: str = ""
    """The workload whose first token is in time, and that of everyone who can wait as long; empty promises nothing."""

    @property
    def name(self) -> str:
        """Readable part of an option's id: `pace40`, `pace40-first-token-of-chat`, `any-pace`."""
        pace = f"pace{exactly(self.pace)}" if self.pace > 0 else "any-pace"
        return f"{pace}-first-token-of-{self.first}" if self.first else pace


def service_classes(workloads: Sequence[ResolvedWorkload]) -> list[ServiceClass]:
    """Every pace asked for, alone and with every first token asked for by a workload that is content with the pace."""
    return [
        ServiceClass(pace, first)
        for pace in sorted({workload.pace for workload in workloads})
        for first in ("", *(w.name for w in workloads if w.max_ttft_s is not None and w.pace <= pace))
    ]
