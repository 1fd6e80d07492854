"""A study whose names are objects: what the planner works on, with nothing left to look up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from fleets.schema.accelerators import Accelerator
from fleets.schema.accepted_lengths import AcceptedLengths
from fleets.schema.architectures import Architecture, KvPrecision, WeightPrecision
from fleets.schema.assumptions import AssumptionSet
from fleets.schema.fleets import Site
from formulations.physics.engine import UNSET, EngineSettings
from planner.config.schema.study import Study
from planner.config.schema.workloads import Workload
from planner.profiles.read import ProfileRow


@dataclass(frozen=True)
class ResolvedSupply:
    """Accelerators that can be had: the catalogue's figures, and this config's price and limits."""

    name: str
    accelerator_name: str
    accelerator: Accelerator | None
    """Its figures; None with `physics: false`, where a name is enough."""
    usd_per_hour: float
    """Per accelerator; for owned ones what running them costs."""
    price_source: str
    limit: int | None
    unit: int
    site: str
    availability: float
    owned: bool
    power_kw: float | None
    """Per accelerator, kW; None where neither config nor data sheet says."""
    carbon_kg_per_kwh: float | None = None
    """Carbon intensity of its electricity, kg of CO2 per kWh, its own or its site's; None where neither says."""
    written: str = ""
    """How the config names its accelerator; empty for one written in place."""

    @property
    def carbon_kg_per_hour(self) -> float | None:
        """Per accelerator, kg of CO2 per hour; None where power or intensity is unknown."""
        if self.power_kw is None or self.carbon_kg_per_kwh is None:
            return None
        return self.power_kw * self.carbon_kg_per_kwh


@dataclass(frozen=True)
class ResolvedSpeculation:
    """A way of speculative decoding with its draft."""

    name: str
    draft: Architecture | None
    acceptance: float | None
    accepted_lengths: AcceptedLengths | None
    draft_tokens: tuple[int, ...]


@dataclass(frozen=True)
class ResolvedModel:
    """A model to serve."""

    name: str
    architecture: Architecture
    weight_precisions: tuple[WeightPrecision, ...]
    kv_precisions: tuple[KvPrecision, ...]
    speculation: tuple[ResolvedSpeculation, ...]
    plain: bool
    """Whether decoding without speculation is allowed."""
    settings: EngineSettings = UNSET
    """What the config sets of the engine that serves it."""


@dataclass(frozen=True)
class ResolvedWorkload:
    """A workload in the program's units."""

    name: str
    model: str
    input_tokens: float
    output_tokens: float
    """Generated tokens per request; 1 where the config gives no lengths (its rate is then requests)."""
    context_tokens: float
    demand: float
    """Tokens per second, margin included; 0 for a throughput question that gives none."""
    pace: float
    """Tokens per second per user, at least; margin included."""
    max_ttft_s: float | None
    """Seconds to the first token, at most; margin included."""
    prefix_hit_rate: float
    max_kinds: int | None
    max_num_seqs: int | None = None
    """Sequences of it that an instance may run at once; None: as many as the model's."""
    counts_requests: bool = False
    """The config gives no lengths: what is called tokens is requests."""
    safety: float = 0.0
    """Margin m that is included: every time per token may be 1 + m times what is predicted."""
    first_token_safety: float = 0.0
    """The same of the time to the first token, which is predicted less well."""
    safety_of: str = ""
    """What a margin given as a quantile is the quantile of, in words."""

    @property
    def prompted(self) -> bool:
        """Whether its requests have prompts; those without are decoded at once, behind no prefill instance."""
        return self.input_tokens > 0

    @property
    def context_range(self) -> tuple[float, float]:
        """Context of its first and of its last token; twice the same where a config gives a context of its own."""
        first, last = self.input_tokens, self.input_tokens + self.output_tokens
        if self.context_tokens == (first + last) / 2:
            return first, last
        return self.context_tokens, self.context_tokens

    @property
    def request_tokens(self) -> float:
        """Tokens of a request, prompt and output; its context where a config gives only that."""
        return max(self.input_tokens + self.output_tokens, self.context_tokens)

    @property
    def asked_demand(self) -> float:
        """Tokens per second as asked, without the margin."""
        return self.demand / (1 + self.safety)

    @property
    def asked_pace(self) -> float:
        """Tokens per second per user as asked, without the margin."""
        return self.pace / (1 + self.safety)

    @property
    def asked_ttft_s(self) -> float | None:
        """Seconds to the first token as asked, without the margin."""
        return None if self.max_ttft_s is None else self.max_ttft_s * (1 + self.first_token_safety)

    def without_margin(self) -> ResolvedWorkload:
        """The workload as asked, predictions taken at their word."""
        return replace(
            self,
            demand=self.asked_demand,
            pace=self.asked_pace,
            max_ttft_s=self.asked_ttft_s,
            safety=0.0,
            first_token_safety=0.0,
            safety_of="",
        )


@dataclass(frozen=True)
class ResolvedStudy:
    """A study whose names are objects; all that the planner needs, and nothing left to look up."""

    config: Study
    """What the user wrote, checked."""
    file: str
    folder: Path
    supplies: tuple[ResolvedSupply, ...]
    models: tuple[ResolvedModel, ...]
    workloads: tuple[ResolvedWorkload, ...]
    assumptions: AssumptionSet
    profiles: tuple[ProfileRow, ...] = ()
    """Measured capacities, as read; rows that break an SLA are left out later."""
    sites: dict[str, Site] = field(default_factory=dict)
    """What is known of the sites that supplies name."""

    def model(self, name: str) -> ResolvedModel:
        """The model of that name."""
        return next(model for model in self.models if model.name == name)

    def workload(self, name: str) -> ResolvedWorkload:
        """The workload of that name."""
        return next(workload for workload in self.workloads if workload.name == name)

    @cached_property
    def written(self) -> dict[str, Workload]:
        """Workloads as the config has them, by name."""
        return {workload.name: workload for workload in self.config.workloads}

    def supply(self, name: str) -> ResolvedSupply:
        """The supply of that name."""
        return next(supply for supply in self.supplies if supply.name == name)
