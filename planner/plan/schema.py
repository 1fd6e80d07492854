"""The form of a plan as JSON: what `solve --output json` writes, and what a file must be to be read as a plan.

Further keys may stand anywhere: later versions add some. What is renamed or taken away changes `SCHEMA_VERSION`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from planner.plan.plan import SCHEMA_VERSION

Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e300, le=1e300, strict=True)]
Text = Annotated[str, Field(max_length=10_000)]
Whole = Annotated[int, Field(ge=0, le=10**15, strict=True)]
Flag = Annotated[bool, Field(strict=True)]


class Entry(BaseModel):
    """A part of a plan; the sentence below a field is its description."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)


class StatusEntry(Entry):
    """Why the solver stopped, and what is held."""

    termination: Text
    """optimal | gap_reached | time_limit | infeasible | unbounded | error"""
    solution: Literal["proven", "feasible", "none"]


class ObjectiveEntry(Entry):
    """What was optimised, and how good it is."""

    sense: Literal["minimise", "maximise"]
    value: Number | None
    unit: Text
    bound: Number | None
    """No plan is better than this."""
    gap: Number | None
    """Between value and bound, as a share of the value."""


class InstanceEntry(Entry):
    """A deployment: instances that are alike, on one supply."""

    option: Text
    model: Text
    accelerator: Text
    site: Text = ""
    supply: Text
    role: Text
    """aggregated | prefill | decode"""
    instances: Whole
    spares: Whole = 0
    gpus_per_instance: Whole
    layout: Text
    weight_precision: Text
    kv_precision: Text
    speculation: Text
    mean_batch: Number | None
    batch: Number | None
    """The batch limit: sequences of one instance at most."""
    step_time_ms: Number | None
    pace_tokens_per_s: Number | None
    tokens_per_s: Number
    usd_per_hour: Number
    time_shares: dict[Text, Number | None]
    """Shares of an instance's time, by what it is spent on."""
    binding: Text
    engine: dict[Text, str | float | int | None] = {}
    """Settings of the serving engine that it was planned with."""


class ServiceEntry(Entry):
    """A workload's share on one deployment."""

    workload: Text
    option: Text
    supply: Text
    share: Number
    tokens_per_s: Number
    pace_tokens_per_s: Number | None
    ttft_ms: Number | None


class SupplyEntry(Entry):
    """What to buy of one supply."""

    supply: Text
    accelerator: Text
    site: Text = ""
    gpus: Whole
    units: Whole
    usd_per_hour: Number
    power_kw: Number | None
    carbon_kg_per_hour: Number | None = None
    limit: Number | None


class WorkloadEntry(Entry):
    """What a workload asked for, got and costs."""

    workload: Text
    model: Text
    demand_tokens_per_s: Number | None
    safety: Number | None = None
    tokens_per_s: Number
    min_pace_tokens_per_s: Number | None
    pace_tokens_per_s: Number | None
    max_ttft_ms: Number | None
    ttft_ms: Number | None
    usd_per_hour: Number
    usd_per_million_tokens: Number | None
    usd_per_million_input_tokens: Number | None
    usd_per_million_output_tokens: Number | None
    kinds: Whole = 0


class CheckEntry(Entry):
    """One thing that the certificate checked."""

    name: Text
    passed: Flag
    value: Number | None
    limit: Number | None
    unit: Text


class CertificateEntry(Entry):
    """The checks of the plan in exact physics, or what shows that there is none."""

    passed: Flag | None
    """Null where there was nothing to check."""
    checks: list[CheckEntry]
    cross_checks: list[CheckEntry] = []
    linearisation_error: Number
    evidence: Text = ""
    remarks: list[Text] = []


class AccuracyEntry(Entry):
    """How far the times of some deployments may be off, or of what there is no measurement."""

    deployments: list[Whole]
    """Places in `instances`, from 1."""
    subjects: list[Text] = []
    no_measurement_of: list[Text] = []
    figures_of: Text = "none"
    """Whose errors the figures are: regime | neighbours | everything | none | profile."""
    models: list[Text] = []
    points: Whole | None = None
    tpot_measured_over_predicted: dict[Text, Number] = {}
    """Quantiles, by percent."""
    ttft_measured_over_predicted: dict[Text, Number] = {}
    sentence: Text


class RelaxationEntry(Entry):
    """A change of the config that gives an infeasible study a plan."""

    keys: list[Text] = []
    sentence: Text
    share: Number | None = None
    """How far the limit gives way, as a share of it."""
    least: Flag = False
    """Whether less of this change was shown not to do."""
    usd_per_hour: Number


class RejectionEntry(Entry):
    """What was left out of the options, with what it needed and had."""

    what: Text
    needed: Text
    available: Text
    reason: Text


class PriceEntry(Entry):
    """A price that the plan rests on."""

    usd_per_hour: Number | None
    source: Text | None = None


class AssumptionsEntry(Entry):
    """What the figures rest on."""

    name: Text
    version: Text
    engine: Text | None = None
    prefill: Flag | None = None
    utilisation: Number | None = None
    prices: dict[Text, PriceEntry] = {}


class PlanEntry(Entry):
    """A plan; tables have one row per deployment, service, supply and workload, units are in the names of the keys."""

    schema_version: Annotated[int, Field(ge=SCHEMA_VERSION, le=SCHEMA_VERSION, strict=True)]
    name: Text
    assumptions: AssumptionsEntry
    status: StatusEntry
    objective: ObjectiveEntry
    instances: list[InstanceEntry]
    service: list[ServiceEntry]
    supply: list[SupplyEntry]
    workloads: list[WorkloadEntry]
    certificate: CertificateEntry
    accuracy: list[AccuracyEntry] = []
    sensitivity: dict[Text, Any] = {}
    """What a little more or less would cost, by kind of change."""
    clashes: list[Text] = []
    relaxations: list[RelaxationEntry] = []
    alternatives: list[dict[Text, str | float | int | None]] = []
    rejected: list[RejectionEntry] = []
    notes: list[Text] = []
    warnings: list[Text] = []
    """What may not be meant, one line each."""
    read_as: list[Text] = []
    """Entries of the catalogue that were meant by names written otherwise."""
    timings: dict[Text, Number] = {}
    """Seconds by stage."""

    @model_validator(mode="after")
    def _rows_belong_together(self) -> PlanEntry:
        """Services name workloads and deployments of the plan, deployments its supplies."""
        supplies, workloads = {row.supply for row in self.supply}, {row.workload for row in self.workloads}
        deployments = {(row.option, row.supply) for row in self.instances}
        for place, instance in enumerate(self.instances):
            if instance.supply not in supplies:
                raise ValueError(f"instances[{place}].supply: {instance.supply[:80]!r} is no row of supply")
        for place, service in enumerate(self.service):
            if service.workload not in workloads:
                raise ValueError(
                    f"service[{place}].workload: {service.workload[:80]!r} is no row of workloads"
                )
            if (service.option, service.supply) not in deployments:
                raise ValueError(f"service[{place}].option: {service.option[:80]!r} is no row of instances")
        return self
