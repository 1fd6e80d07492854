"""Study: a whole planning config."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, field_validator

from fleets.schema.base import Count, Counts, Fraction, FrozenModel, Name, Positive
from fleets.schema.fleets import Fleet, Site
from planner.config.schema.fields import Choices, Safety, Share, counting, percent
from planner.config.schema.models import Layouts, Model
from planner.config.schema.question import Question
from planner.config.schema.workloads import Workload
from planner.objectives import OBJECTIVES, Objective


def _form(value: object) -> str:
    return "<name>" if isinstance(value, str) else "<inline>"


FleetReference = Annotated[
    Annotated[str, Tag("<name>")] | Annotated[Fleet, Tag("<inline>")], Discriminator(_form)
]
"""Supplies in place, or the name or path of a fleet; only the form that was written is complained about."""


class Spares(FrozenModel):
    """Instances kept for failures, per kind in use: the larger of a number and a share."""

    number: Annotated[int, Field(ge=0, le=1000, strict=True)] = 0
    share: Share = 0.0

    _percent = field_validator("share", mode="before")(percent)


class Alternatives(FrozenModel):
    """Further plans that do without some kind of every better one."""

    count: Annotated[int, Field(ge=1, le=20, strict=True)] = 3
    """How many, beside the best."""
    within: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, strict=True)] = 0.02
    """How much worse they may be, as a share of the best; `2%` is 0.02."""

    _percent = field_validator("within", mode="before")(percent)


class SolverSettings(FrozenModel):
    """How exactly, how long and with how many threads to solve."""

    gap: Annotated[float, Field(ge=0, lt=1, strict=True)] = 1e-4
    """Relative gap between plan and bound at which to stop."""
    time_limit_s: Positive = 60.0
    threads: Annotated[int, Field(ge=1, le=256, strict=True)] = 2
    seed: Annotated[int, Field(ge=0, le=2**31 - 1, strict=True)] = 0


class Study(FrozenModel):
    """A planning config."""

    version: Literal[1] = 1
    name: str = "study"
    fleet: FleetReference
    """Supplies in place, the name of a shipped fleet, or a path."""
    models: dict[Name, Model] = {}
    workloads: Annotated[tuple[Workload, ...], Field(min_length=1)]
    question: Question = Question(minimise="cost")
    assumptions: str = "serving-2026"
    """Name of a shipped assumption set, or path to a file of one."""
    engine: (
        Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,79}( [0-9]{1,6}(\.[0-9]{1,6}){0,3})?$")]
        | None
    ) = None
    """Serving engine whose memory and layout rules hold, `vllm` or `vllm 0.17`; default: the assumption set's."""
    prefill: bool = True
    """Whether prompts take instance time (the paper: false)."""
    utilisation: Fraction = 1.0
    """Share of time that instances may be busy; the rest is headroom."""
    safety: Safety = 0.0
    """Margin on every predicted time, for all workloads: `10%`, or `p90` for that quantile of the set's error where its
    fit never saw the like, the widest of what the config allows."""
    serving: Choices[Literal["aggregated", "disaggregated"]] = ("aggregated",)
    """Prompts and decode on the same instances, on instances of their own, or (both listed) as the solver chooses."""
    layouts: Layouts = Layouts()
    profiles: tuple[str, ...] = ()
    """CSV files of measured capacity."""
    physics: bool = True
    """false: only measured profiles."""
    power_limit_kw: Annotated[Positive | None, Counts("power")] = None
    """Power of all accelerators that are bought, at most."""
    carbon_limit_kg_per_hour: Annotated[Positive | None, Counts("carbon")] = None
    """Carbon of all accelerators that are bought, at most, kg of CO2 per hour."""
    spares: Spares = Spares()
    simplicity: Share = 0.0
    """Share of cost that may be given up for fewer kinds; `0.5%` is 0.005."""
    max_kinds_per_workload: Count | None = None
    alternatives: Alternatives | None = None
    """Also list the next best plans that differ in kinds."""
    detail: Literal["quick", "full"] = "full"
    """full: also what the plan would have cost otherwise, marginal prices, and the cross-check by the relaxation; quick:
    the plan and its certificate."""
    solver: SolverSettings = SolverSettings()

    _percent = field_validator("simplicity", "safety", mode="before")(percent)

    def counted(self, sites: Iterable[Site]) -> tuple[Objective, ...]:
        """What every supply must say: the question's objectives, and what the limits that are set, here and of the
        fleet's sites, count."""
        limited = [objective for holder in (self, self.question, *sites) for objective in counting(holder)]
        asked = [*self.question.objectives, *limited]
        parts = [OBJECTIVES[name] for objective in asked for name in objective.needs]
        return tuple(dict.fromkeys([*asked, *parts]))
