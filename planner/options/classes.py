"""Service classes: the paces and first-token times that options promise.

Options of a class hold its pace and its TTFT for everyone they serve, so batches need no binary and no big-M; a workload
may use any class as strict as it needs. Classes are the combinations of what workloads ask for; one that no workload
needs in both respects is left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from planner.config.resolved import ResolvedWorkload


def exactly(value: float) -> str:
    """A number as ids have it: six digits where they are all, else every digit, so that no two numbers look alike."""
    short = f"{value:.6g}"
    return short if float(short) == value else f"{value:.17g}"


@dataclass(frozen=True, order=True)
class ServiceClass:
    """What everyone served by an option of the class gets."""

    pace: float
    """Tokens per second per user, at least; 0 promises nothing."""
    ttft_s: float = math.inf
    """Seconds to the first token, at most."""

    @property
    def name(self) -> str:
        """Readable part of an option's id: `pace40`, `pace40-ttft500ms`, `any-pace`."""
        pace = f"pace{exactly(self.pace)}" if self.pace > 0 else "any-pace"
        return pace if math.isinf(self.ttft_s) else f"{pace}-ttft{exactly(self.ttft_s * 1e3)}ms"

    def serves(self, workload: ResolvedWorkload) -> bool:
        """Whether the class is as strict as the workload needs."""
        wanted = math.inf if workload.max_ttft_s is None else workload.max_ttft_s
        return workload.pace <= self.pace and self.ttft_s <= wanted


def service_classes(workloads: Sequence[ResolvedWorkload]) -> list[ServiceClass]:
    """The classes that are the strictest need of the workloads they serve, mildest first."""
    paces = sorted({workload.pace for workload in workloads})
    limits = sorted({math.inf if w.max_ttft_s is None else w.max_ttft_s for w in workloads}, reverse=True)
    found = []
    for candidate in (ServiceClass(pace, limit) for pace in paces for limit in limits):
        inside = [workload for workload in workloads if candidate.serves(workload)]
        strictest = (
            max((w.pace for w in inside), default=-1.0),
            min((w.max_ttft_s or math.inf for w in inside), default=math.nan),
        )
        if strictest == (candidate.pace, candidate.ttft_s):
            found.append(candidate)
    return found
