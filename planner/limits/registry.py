"""Registry: every family of limits, those first that a user gives up most easily. Adding a limit is one line here."""

from __future__ import annotations

from planner.config.resolved import ResolvedStudy
from planner.limits.budget import BudgetLimit
from planner.limits.busy_time import BusyTime
from planner.limits.carbon import CarbonLimit
from planner.limits.demand import Demand
from planner.limits.first_token import FirstToken
from planner.limits.kinds import KindLimit
from planner.limits.limit import Limit
from planner.limits.pace import Pace
from planner.limits.power import PowerLimit
from planner.limits.site_power import SitePowerLimit
from planner.limits.spares import SpareInstances
from planner.limits.supply import SupplyLimit
from planner.limits.units import BillingUnits

FAMILIES: tuple[type[Limit], ...] = (
    Pace,
    FirstToken,
    KindLimit,
    SpareInstances,
    PowerLimit,
    SitePowerLimit,
    CarbonLimit,
    BudgetLimit,
    SupplyLimit,
    Demand,
    BillingUnits,
    BusyTime,
)


def limits_of(study: ResolvedStudy) -> tuple[Limit, ...]:
    """Every limit of a study."""
    return tuple(limit for family in FAMILIES for limit in family.found_in(study))
