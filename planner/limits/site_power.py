"""Site power: what the accelerators bought at one site may draw together, kW."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar, Self

from planner.config.resolved import ResolvedStudy, ResolvedSupply
from planner.limits.total import TotalLimit
from planner.objectives import POWER


class SitePowerLimit(TotalLimit):
    """Power of one site."""

    family: ClassVar[str] = "site power"
    keys: ClassVar[frozenset[str]] = frozenset({"site.power_limit_kw"})
    objective = POWER
    used = "drawn"

    @classmethod
    def found_in(cls, study: ResolvedStudy) -> Iterator[Self]:
        for name, site in study.sites.items():
            most = site.power_limit_kw
            if most is not None:
                key = f"fleet.sites.{name}.power_limit_kw"
                yield cls(name, key, most, POWER.unit, f"at most {most:g} {POWER.unit} at {name}")

    def over(self, study: ResolvedStudy) -> tuple[ResolvedSupply, ...]:
        return tuple(supply for supply in study.supplies if supply.site == self.subject)

    @property
    def place(self) -> str:
        return f" at {self.subject}"

    def dropped(self, study: ResolvedStudy) -> ResolvedStudy:
        return self._with(study, None)

    def stretched(self, study: ResolvedStudy, value: float) -> ResolvedStudy:
        return self._with(study, value)

    def _with(self, study: ResolvedStudy, most: float | None) -> ResolvedStudy:
        site = study.sites[self.subject].model_copy(update={"power_limit_kw": most})
        return replace(study, sites={**study.sites, self.subject: site})
