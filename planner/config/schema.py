"""What a user writes: the planning config, version 1, as pydantic models.

Every field carries its unit in its name and its meaning below it; `fleetplan schema` prints them for editors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from fleets.schema.architectures import KvPrecision, WeightPrecision
from fleets.schema.base import Count, Fraction, FrozenModel, Name, Positive
from fleets.schema.fleets import Fleet, Supply
from planner.objectives import MAXIMISED, MINIMISED, OBJECTIVES, Objective

Tokens = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]
Rate = Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]


def _form(value: object) -> str:
    return "<name>" if isinstance(value, str) else "<inline>"


FleetReference = Annotated[
    Annotated[str, Tag("<name>")] | Annotated[Fleet, Tag("<inline>")], Discriminator(_form)
]
"""Supplies in place, or the name or path of a fleet; only the form that was written is complained about."""


def percent(value: object) -> object:
    """`0.5%` as 0.005; anything else unchanged, for pydantic to judge."""
    if isinstance(value, str) and value.strip().endswith("%"):
        try:
            return float(value.strip()[:-1]) / 100
        except ValueError:
            return value
    return value


Quantile = Annotated[str, Field(pattern=r"^p[1-9][0-9]?$")]
Safety = Share | Quantile
"""A margin on every predicted time: a share (`10%`), or a quantile of the assumption set's measured error (`p90`)."""


@dataclass(frozen=True)
class Counts:
    """Marks a key as a limit on what supplies count under an objective."""

    objective: str


def _counting(model: FrozenModel) -> list[Objective]:
    """Objectives that the keys of a model limit, where they are set."""
    return [
        OBJECTIVES[mark.objective]
        for name, field in type(model).model_fields.items()
        for mark in field.metadata
        if isinstance(mark, Counts) and getattr(model, name) is not None
    ]


class Speculation(FrozenModel):
    """Speculative decoding with a draft model, or with a head whose accepted lengths were measured."""

    draft: str | None = None
    """Architecture of the draft model: catalogue name or path to a config.json."""
    acceptance: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] | None = None
    """Probability that a drafted token is accepted."""
    accepted_lengths: str | None = None
    """Instead of draft and acceptance: name of a measured table (`fleetplan catalog accepted-lengths`)."""
    max_draft_tokens: Annotated[int, Field(ge=1, le=32, strict=True)] = 5
    """Largest number of drafted tokens per step."""
    draft_tokens: tuple[Annotated[int, Field(ge=1, le=32, strict=True)], ...] | None = None
    """Only these numbers of drafted tokens; default: 1 to max_draft_tokens."""

    @model_validator(mode="after")
    def _one_kind(self) -> Speculation:
        if (self.accepted_lengths is None) == (self.draft is None):
            raise ValueError("give either draft with acceptance, or accepted_lengths")
        if self.draft is not None and self.acceptance is None:
            raise ValueError(
                "draft needs acceptance, the probability that a drafted token is accepted (0 to 1)"
            )
        return self

    @property
    def choices(self) -> tuple[int, ...]:
        """Numbers of drafted tokens to choose from."""
        return self.draft_tokens or tuple(range(1, self.max_draft_tokens + 1))


class Model(FrozenModel):
    """A model to serve, and what may be chosen for it."""

    architecture: str
    """Catalogue name, or path to a Hugging Face config.json."""
    weight_precisions: Annotated[tuple[WeightPrecision, ...], Field(min_length=1)] | None = None
    """Allowed weight precisions, the solver chooses; default: the published checkpoint's."""
    kv_precisions: Annotated[tuple[KvPrecision, ...], Field(min_length=1)] | None = None
    """Allowed KV-cache precisions; default: bf16."""
    speculation: tuple[Speculation, ...] = ()
    """Allowed ways of speculative decoding, beside none."""
    speculation_only: bool = False
    """Leave out plain decoding."""


class Workload(FrozenModel):
    """A stream of requests to one model."""

    name: Name
    model: Name | None = None
    input_tokens: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] = 0.0
    """Prompt length, tokens per request."""
    output_tokens: Tokens | None = None
    """Generated tokens per request."""
    context_tokens: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None = None
    """Average context during decode; default: input_tokens + output_tokens/2."""
    demand_tokens_per_s: Rate | None = None
    """Generated tokens per second, all users together."""
    demand_requests_per_s: Rate | None = None
    """Requests per second, instead of demand_tokens_per_s."""
    min_pace_tokens_per_s: Rate | None = None
    """Tokens per second that every user must see, at least."""
    max_tpot_ms: Positive | None = None
    """Time per output token, at most, instead of min_pace_tokens_per_s."""
    max_ttft_ms: Positive | None = None
    """Time to first token, at most."""
    prefix_hit_rate: Share = 0.0
    """Share of prompt tokens found in the prefix cache."""
    safety: Safety | None = None
    """Margin on every predicted time of this workload: `10%`, or `p90` for a quantile of the set's measured error;
    default: the config's."""
    max_kinds: Count | None = None
    """Serve it from at most this many kinds; default: the config's max_kinds_per_workload."""

    _percent = field_validator("safety", "prefix_hit_rate", mode="before")(percent)

    @model_validator(mode="after")
    def _one_of_each(self) -> Workload:
        if self.demand_tokens_per_s is not None and self.demand_requests_per_s is not None:
            raise ValueError("give demand_tokens_per_s or demand_requests_per_s, not both")
        if self.min_pace_tokens_per_s is not None and self.max_tpot_ms is not None:
            raise ValueError("give min_pace_tokens_per_s or max_tpot_ms, not both")
        return self

    @property
    def context(self) -> float:
        """Average context during decode, tokens."""
        if self.context_tokens is not None:
            return self.context_tokens
        return self.input_tokens + (self.output_tokens or 0.0) / 2

    @property
    def pace(self) -> float:
        """Required tokens per second per user; 0 where nothing is asked."""
        if self.max_tpot_ms is not None:
            return 1000.0 / self.max_tpot_ms
        return self.min_pace_tokens_per_s or 0.0


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


class Layouts(FrozenModel):
    """Limits on how an instance may be split; default: everything that divides."""

    instance_gpus: Annotated[tuple[Count, ...], Field(min_length=1)] = (1, 2, 4, 8, 16)
    """Accelerators per instance to choose from."""
    tensor_parallel: Annotated[tuple[Literal["1d", "2d"], ...], Field(min_length=1)] = ("1d",)
    pipeline: Annotated[tuple[Count, ...], Field(min_length=1)] = (1,)
    """Pipeline stages to choose from."""
    expert_parallel: Annotated[tuple[bool, ...], Field(min_length=1)] = (False, True)
    """For mixtures of experts: experts split over ranks (true), or each expert split (false)."""
    attention_groups: Annotated[tuple[Count, ...], Field(min_length=1)] | None = None
    """Data-parallel attention: groups of ranks that hold attention and KV cache of their own sequences; default: 1, and
    for multi-head latent attention, whose cache cannot be split by heads, every group count that divides the ranks."""


class Spares(FrozenModel):
    """Instances kept for failures, per kind in use: the larger of a number and a share."""

    number: Annotated[int, Field(ge=0, le=1000, strict=True)] = 0
    share: Share = 0.0

    _percent = field_validator("share", mode="before")(percent)


class Alternatives(FrozenModel):
    """Further plans that do without some kind of every better one."""

    count: Annotated[int, Field(ge=1, le=20, strict=True)] = 3
    """How many, beside the best."""
    within: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.02
    """How much worse they may be, as a share of the best; `2%` is 0.02."""

    _percent = field_validator("within", mode="before")(percent)


class SolverSettings(FrozenModel):
    """How exactly, how long and with how many threads to solve."""

    gap: Annotated[float, Field(ge=0, lt=1)] = 1e-4
    """Relative gap between plan and bound at which to stop."""
    time_limit_s: Positive = 60.0
    threads: Annotated[int, Field(ge=1, le=256, strict=True)] = 2
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0


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
    prefill: bool = True
    """Whether prompts take instance time (the paper: false)."""
    utilisation: Fraction = 1.0
    """Share of time that instances may be busy; the rest is headroom."""
    safety: Safety = 0.0
    """Margin on every predicted time, for all workloads: `10%`, or `p90` for a quantile of the set's measured error."""
    serving: Annotated[tuple[Literal["aggregated", "disaggregated"], ...], Field(min_length=1)] = (
        "aggregated",
    )
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

    @property
    def counted(self) -> tuple[Objective, ...]:
        """What every supply must say: the question's objectives, and what the limits that are set count."""
        asked = [*self.question.objectives, *_counting(self), *_counting(self.question)]
        parts = [OBJECTIVES[name] for objective in asked for name in objective.needs]
        return tuple(dict.fromkeys([*asked, *parts]))


__all__ = [
    "Alternatives",
    "Fleet",
    "Layouts",
    "Model",
    "Question",
    "SolverSettings",
    "Spares",
    "Speculation",
    "Study",
    "Supply",
    "Workload",
]
