"""Question: what is to be optimised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from fleets.schema.base import Counts, FrozenModel, Name, Positive
from planner.config.schema.fields import Rate
from planner.objectives import MAXIMISED, MINIMISED, OBJECTIVES, Objective

Axis = Literal["cost", "pace", "throughput"]

if TYPE_CHECKING:
    Minimised = str
    Maximised = str
else:  # the schema names what the table of objectives holds
    Minimised = Literal[MINIMISED]
    Maximised = Literal[MAXIMISED]


class Question(FrozenModel):
    """What to optimise: `{minimise: cost}`, `{maximise: throughput, budget_usd_per_hour: 500}`, …"""

    minimise: Minimised | None = None
    maximise: Maximised | None = None
    frontier: tuple[Axis, Axis] | None = None
    """Trade one against the other: the best of one at several values of the other."""
    workload: Name | None = None
    """Whose throughput or pace; default for throughput: all workloads scaled together."""
    budget_usd_per_hour: Annotated[Positive | None, Counts("cost")] = None
    max_usd_per_million_tokens: Annotated[Positive | None, Counts("cost")] = None
    """Maximise pace: what the workload may add to the cost of the fleet, per million of its tokens."""
    points: Annotated[int, Field(ge=2, le=200, strict=True)] = 8
    """Frontier: at how many values."""
    between: tuple[Rate, Rate] | None = None
    """Frontier: lowest and highest pace [tokens/s per user], or throughput [tokens/s] where pace is not traded; default:
    from the slowest that pays to the fastest that the fleet can do."""

    @model_validator(mode="after")
    def _one_sense(self) -> Question:
        if sum(way is not None for way in (self.minimise, self.maximise, self.frontier)) != 1:
            raise ValueError(
                f"give exactly one of minimise ({', '.join(MINIMISED)}), maximise ({', '.join(MAXIMISED)}) or frontier "
                "(two of cost, pace, throughput)"
            )
        if self.frontier and self.frontier[0] == self.frontier[1]:
            raise ValueError("frontier trades two different things; name two of cost, pace, throughput")
        if self.frontier and "pace" in self.frontier and self.workload is None:
            raise ValueError("a frontier of pace needs workload, whose pace is to be raised")
        if not self.frontier and (self.between is not None or self.points != 8):
            raise ValueError("points and between belong to a frontier question")
        if self.between is not None and self.between[0] >= self.between[1]:
            raise ValueError("between is [lowest, highest]; the first must be below the second")
        if self.minimise and self.workload:
            raise ValueError("workload belongs to a maximise question")
        if self.maximise == "pace" and self.workload is None:
            raise ValueError("maximise: pace needs workload, whose pace is to be raised")
        if self.max_usd_per_million_tokens is not None and self.maximise != "pace":
            raise ValueError("max_usd_per_million_tokens belongs to maximise: pace")
        return self

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """What is optimised, or traded by a frontier."""
        named = [name for name in (self.minimise, self.maximise, *(self.frontier or ())) if name]
        return tuple(OBJECTIVES[name] for name in named)

    @property
    def form(self) -> Literal["minimise", "throughput", "pace", "frontier"]:
        """Which question it is."""
        if self.frontier is not None:
            return "frontier"
        if self.minimise is not None:
            return "minimise"
        return "throughput" if self.maximise == "throughput" else "pace"

    @property
    def many_plans(self) -> bool:
        """Whether the answer is many plans, not one."""
        return self.form == "frontier"

    @property
    def ranks_plans(self) -> bool:
        """Whether plans can be ranked by one objective that a program optimises."""
        return self.form in ("minimise", "throughput")

    def frees(self, workload: str, alone: bool) -> bool:
        """Whether how much of a workload is served is what is asked; `alone` says whether it is the only one."""
        asked = self.workload == workload or (self.workload is None and alone)
        return asked and OBJECTIVES["throughput"] in self.objectives
