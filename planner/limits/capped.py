"""Capped limits: those on a sum over units or instances, which the elastic program can let give way."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar

from formulations.program.data import Cap
from planner.allocation import Allocation
from planner.config.resolved import ResolvedStudy
from planner.limits.limit import GivesWay, Limit

CENT = 0.01


class CappedLimit(Limit):
    """A limit that is a cap."""

    gives_way: ClassVar[GivesWay] = "elastic"

    @abstractmethod
    def cap(self, study: ResolvedStudy) -> Cap:
        """What counts towards it, and how much is allowed."""

    @property
    def step(self) -> int | None:
        """Whole steps in which it is had; None where any number will do."""
        return None

    def rounded(self, needed: float) -> float:
        """The next value that is written down, at or above what is needed."""
        return math.ceil(needed / CENT - 1e-6) * CENT


def taken(cap: Cap, allocation: Allocation) -> float:
    """What an allocation of one period takes of a cap."""
    return cap.taken(allocation.units, allocation.instances)
