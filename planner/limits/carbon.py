"""Carbon: what the power of the bought accelerators may emit, kg of CO2 per hour."""

from __future__ import annotations

from typing import ClassVar

from planner.config.resolved import ResolvedStudy
from planner.config.variants import with_config
from planner.limits.total import FleetTotal
from planner.objectives import CARBON


class CarbonLimit(FleetTotal):
    """Carbon of the whole fleet."""

    family: ClassVar[str] = "carbon"
    keys: ClassVar[frozenset[str]] = frozenset({"study.carbon_limit_kg_per_hour"})
    objective = CARBON
    where = "carbon_limit_kg_per_hour"
    used = "emitted"
    what = " of carbon"
    article = "carbon of "

    @classmethod
    def asked(cls, study: ResolvedStudy) -> float | None:
        return study.config.carbon_limit_kg_per_hour

    def dropped(self, study: ResolvedStudy) -> ResolvedStudy:
        return with_config(study, carbon_limit_kg_per_hour=None)

    def stretched(self, study: ResolvedStudy, value: float) -> ResolvedStudy:
        return with_config(study, carbon_limit_kg_per_hour=value)
