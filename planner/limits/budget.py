"""Budget: what the question allows the fleet to cost, $/h."""

from __future__ import annotations

from typing import ClassVar

from planner.config.resolved import ResolvedStudy
from planner.config.variants import with_budget
from planner.limits.total import FleetTotal
from planner.objectives import COST


class BudgetLimit(FleetTotal):
    """Budget of the whole fleet."""

    family: ClassVar[str] = "budget"
    keys: ClassVar[frozenset[str]] = frozenset({"question.budget_usd_per_hour"})
    objective = COST
    where = "question.budget_usd_per_hour"
    used = "spent"
    digits = 2
    article = "a budget of "

    @classmethod
    def asked(cls, study: ResolvedStudy) -> float | None:
        return study.config.question.budget_usd_per_hour

    def dropped(self, study: ResolvedStudy) -> ResolvedStudy:
        return with_budget(study, None)

    def stretched(self, study: ResolvedStudy, value: float) -> ResolvedStudy:
        return with_budget(study, value)
