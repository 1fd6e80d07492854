"""Points of a curve before any is dropped: speed and price of many operating points, described only when kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from formulations.physics.arrays import FloatArray

SECONDS_PER_HOUR = 3600.0
MILLION = 1e6
Description = dict[str, str | float]


@dataclass(frozen=True)
class Points:
    """P operating points; those that do not fit have no place here."""

    seconds_per_token: FloatArray
    """Per user, shape (P,)."""
    accelerators: FloatArray
    batch: FloatArray
    usd_per_hour: float
    """Per accelerator."""
    describe: Callable[[int], Description]
    """Layout, precisions and speculation of a point."""

    @cached_property
    def pace(self) -> FloatArray:
        """Tokens per second that one user sees."""
        return 1.0 / self.seconds_per_token

    @cached_property
    def accelerator_seconds_per_token(self) -> FloatArray:
        """N·t/b: what a token costs before prices."""
        return self.accelerators * self.seconds_per_token / self.batch

    @cached_property
    def usd_per_million_tokens(self) -> FloatArray:
        return self.accelerator_seconds_per_token * (MILLION * self.usd_per_hour / SECONDS_PER_HOUR)


def together(parts: Sequence[Points]) -> Points:
    """One set of points from several at the same price; raises ValueError without any."""
    if len(parts) == 1:
        return parts[0]
    ends = np.cumsum([part.batch.size for part in parts])

    def describe(index: int) -> Description:
        part = int(np.searchsorted(ends, index, side="right"))
        return parts[part].describe(index - (int(ends[part - 1]) if part else 0))

    return Points(
        np.concatenate([part.seconds_per_token for part in parts]),
        np.concatenate([part.accelerators for part in parts]),
        np.concatenate([part.batch for part in parts]),
        parts[0].usd_per_hour,
        describe,
    )
