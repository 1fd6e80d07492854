"""Power: what the bought accelerators may draw, kW."""

from __future__ import annotations

from typing import ClassVar

from planner.config.resolved import ResolvedStudy
from planner.config.variants import with_config
from planner.limits.total import FleetTotal
from planner.objectives import POWER


class PowerLimit(FleetTotal):
    """Power of the whole fleet."""

    family: ClassVar[str] = "power"
    keys: ClassVar[frozenset[str]] = frozenset({"study.power_limit_kw"})
    objective = POWER
    where = "power_limit_kw"
    used = "drawn"

    @classmethod
    def asked(cls, study: ResolvedStudy) -> float | None:
        return study.config.power_limit_kw

    def dropped(self, study: ResolvedStudy) -> ResolvedStudy:
        return with_config(study, power_limit_kw=None)

    def stretched(self, study: ResolvedStudy, value: float) -> ResolvedStudy:
        return with_config(study, power_limit_kw=value)
