"""Names become objects: accelerators, architectures, prices and assumptions of a study, all problems at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from fleets import catalog
from fleets.errors import CatalogError, UnknownName
from fleets.huggingface import read_config
from fleets.loading import read_yaml, validate
from fleets.schema.accelerators import Accelerator
from fleets.schema.accepted_lengths import AcceptedLengths
from fleets.schema.architectures import Architecture, KvPrecision, WeightPrecision
from fleets.schema.assumptions import AssumptionSet
from fleets.schema.fleets import Fleet, Supply
from planner.config.schema import Model, Speculation, Study, Workload
from planner.errors import InputError
from planner.profiles.read import ProfileRow, read_profiles

Found = TypeVar("Found")


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


@dataclass(frozen=True)
class ResolvedWorkload:
    """A workload in the program's units."""

    name: str
    model: str
    input_tokens: float
    output_tokens: float
    """Generated tokens per request; 1 where the config gives no lengths (the flow is then requests)."""
    context_tokens: float
    demand: float
    """Tokens per second, margin included; 0 for a throughput question that gives none."""
    pace: float
    """Tokens per second per user, at least; margin included."""
    max_ttft_s: float | None
    """Seconds to the first token, at most; margin included."""
    prefix_hit_rate: float
    max_kinds: int | None
    safety: float = 0.0
    """Margin m that is included: every time may be 1 + m times what is predicted."""

    @property
    def asked_demand(self) -> float:
        """Tokens per second as asked, without the margin."""
        return self.demand / (1 + self.safety)

    @property
    def asked_pace(self) -> float:
        """Tokens per second per user as asked, without the margin."""
        return self.pace / (1 + self.safety)

    def without_margin(self) -> ResolvedWorkload:
        """The workload as asked, predictions taken at their word."""
        ttft = self.max_ttft_s and self.max_ttft_s * (1 + self.safety)
        return replace(self, demand=self.asked_demand, pace=self.asked_pace, max_ttft_s=ttft, safety=0.0)


@dataclass(frozen=True)
class ResolvedStudy:
    """A study whose names are objects; all that the planner needs, and nothing left to look up."""

    study: Study
    file: str
    folder: Path
    supplies: tuple[ResolvedSupply, ...]
    models: tuple[ResolvedModel, ...]
    workloads: tuple[ResolvedWorkload, ...]
    assumptions: AssumptionSet
    profiles: tuple[ProfileRow, ...] = ()
    """Measured capacities, as read; rows that break an SLA are left out later."""

    def model(self, name: str) -> ResolvedModel:
        """The model of that name."""
        return next(model for model in self.models if model.name == name)

    def workload(self, name: str) -> ResolvedWorkload:
        """The workload of that name."""
        return next(workload for workload in self.workloads if workload.name == name)

    def supply(self, name: str) -> ResolvedSupply:
        """The supply of that name."""
        return next(supply for supply in self.supplies if supply.name == name)


class Resolver:
    """Looks names up and collects what is wrong instead of stopping at the first."""

    def __init__(self, file: str, folder: Path) -> None:
        self.file, self.folder, self.problems = file, folder, list[str]()

    def fail(self, key: str, message: str) -> None:
        problem = f"{self.file}: {key}: {message}"
        if problem not in self.problems:
            self.problems.append(problem)

    def find(self, key: str, look_up: Callable[[], Found]) -> Found | None:
        try:
            return look_up()
        except CatalogError as error:
            for problem in error.problems:
                self.fail(key, problem)
            return None

    def architecture(self, key: str, name: str) -> Architecture | None:
        if name.endswith(".json"):
            return self.find(key, lambda: read_config(self.folder / name, name=Path(name).stem))
        if name.endswith((".yaml", ".yml")):
            return self.find(key, lambda: validate(Architecture, read_yaml(self.folder / name, name), name))
        return self.find(key, lambda: catalog.architecture(name))

    def fleet(self, fleet: Fleet | str) -> Fleet | None:
        if isinstance(fleet, Fleet):
            return fleet
        if fleet.endswith((".yaml", ".yml", ".json")):
            return self.find("fleet", lambda: validate(Fleet, read_yaml(self.folder / fleet, fleet), fleet))
        return self.find("fleet", lambda: catalog.fleet(fleet))

    def assumptions(self, name: str) -> AssumptionSet | None:
        if name.endswith((".yaml", ".yml", ".json")):
            return self.find(
                "assumptions", lambda: validate(AssumptionSet, read_yaml(self.folder / name, name), name)
            )
        return self.find("assumptions", lambda: catalog.assumption_set(name))

    def supply(self, key: str, supply: Supply, priced: bool, physics: bool) -> ResolvedSupply | None:
        given = supply.accelerator
        if not isinstance(given, str):
            found: Accelerator | None = given
        elif physics:
            found = self.find(f"{key}.accelerator", lambda: catalog.accelerator(given))
            if found is None:
                return None
        else:
            found = _known_accelerator(given)
        name = found.name if found else supply.accelerator_name
        price, source = self.price(key, supply, name, priced, known=found is not None)
        power = supply.power_kw_per_accelerator
        if power is None and found is not None and found.tdp_w is not None:
            power = found.tdp_w / 1000
        return ResolvedSupply(
            supply.label, name, found, price, source, supply.limit, supply.unit, supply.site or "",
            supply.availability, supply.owned, power,
        )  # fmt: skip

    def price(self, key: str, supply: Supply, name: str, priced: bool, known: bool) -> tuple[float, str]:
        if supply.owned:
            return supply.running_usd_per_hour or 0.0, "owned"
        if supply.price_usd_per_hour is not None:
            return supply.price_usd_per_hour, "config"
        listed = next((price for price in catalog.prices(name) if price.default), None) if known else None
        if listed is not None:
            return listed.usd_per_hour, f"{listed.source.name}, {listed.source.date}"
        if priced:
            self.fail(
                f"{key}.price_usd_per_hour",
                f"is missing [$/h per accelerator] and the catalogue has no price of {name}; add it",
            )
        return 0.0, "none"

    def speculation(self, key: str, speculation: Speculation) -> ResolvedSpeculation | None:
        if speculation.accepted_lengths is not None:
            name = speculation.accepted_lengths
            table = self.find(f"{key}.accepted_lengths", lambda: catalog.accepted_lengths(name))
            if table is None:
                return None
            measured = tuple(g for g in speculation.choices if g in table.tokens_per_step)
            if not measured:
                listed = ", ".join(map(str, table.tokens_per_step))
                self.fail(
                    f"{key}.draft_tokens",
                    f"{name} was measured at {listed} drafted tokens only; choose among them",
                )
            return ResolvedSpeculation(name, None, None, table, measured)
        assert speculation.draft is not None
        draft = self.architecture(f"{key}.draft", speculation.draft)
        if draft is None:
            return None
        return ResolvedSpeculation(draft.name, draft, speculation.acceptance, None, speculation.choices)

    def model(self, name: str, model: Model) -> ResolvedModel | None:
        key = f"models.{name}"
        architecture = self.architecture(f"{key}.architecture", model.architecture)
        ways = [self.speculation(f"{key}.speculation[{i}]", way) for i, way in enumerate(model.speculation)]
        if model.speculation_only and not ways:
            self.fail(f"{key}.speculation_only", "is true but speculation lists no way; add one or remove it")
        if architecture is None:
            return None
        return ResolvedModel(
            name,
            architecture,
            model.weight_precisions or (architecture.weight_precision,),
            model.kv_precisions or (architecture.kv_precision,),
            tuple(way for way in ways if way is not None),
            plain=not model.speculation_only,
        )

    def workload(
        self, key: str, workload: Workload, study: Study, assumptions: AssumptionSet | None
    ) -> ResolvedWorkload | None:
        before = len(self.problems)
        model = workload.model
        if model is None and len(study.models) == 1:
            model = next(iter(study.models))
        if model is None:
            if study.physics:
                self.fail(
                    f"{key}.model",
                    "is missing; name one of the models: " + (", ".join(study.models) or "none given"),
                )
            model = workload.name
        elif study.physics and model not in study.models:
            self.fail(
                f"{key}.model", f"'{model}' is not under models: {', '.join(study.models) or 'none given'}"
            )
        if study.physics:
            self._lengths(key, workload, study)
        asked = study.question
        alone = asked.workload == workload.name or (asked.workload is None and len(study.workloads) == 1)
        free = alone and (asked.maximise == "throughput" or "throughput" in (asked.frontier or ()))
        demand = workload.demand_tokens_per_s
        if workload.demand_requests_per_s is not None:
            demand = workload.demand_requests_per_s * (workload.output_tokens or 1.0)
        if demand is None and not free:
            self.fail(
                f"{key}.demand_tokens_per_s",
                "is missing [generated tokens/s, all users together]; give it or demand_requests_per_s",
            )
        if len(self.problems) > before:
            return None
        margin = self.margin(key, workload, study, assumptions)
        ttft = workload.max_ttft_ms and workload.max_ttft_ms / 1000 / (1 + margin)
        return ResolvedWorkload(
            workload.name, model, workload.input_tokens, workload.output_tokens or 1.0, workload.context,
            (demand or 0.0) * (1 + margin), workload.pace * (1 + margin), ttft,
            workload.prefix_hit_rate, workload.max_kinds or study.max_kinds_per_workload, margin,
        )  # fmt: skip

    def margin(self, key: str, workload: Workload, study: Study, assumptions: AssumptionSet | None) -> float:
        """The margin m as a share; a quantile is looked up in the set's measured error of time per token."""
        own = workload.safety is not None
        safety = workload.safety if workload.safety is not None else study.safety
        if not isinstance(safety, str):
            return safety
        measured = assumptions.fit.tpot_ratio_quantiles if assumptions and assumptions.fit else {}
        if safety[1:] in measured:
            return max(0.0, measured[safety[1:]] - 1.0)
        name = assumptions.name if assumptions else study.assumptions
        known = ", ".join(f"p{percent}" for percent in measured)
        fix = f"choose {known}" if known else "write a percentage, or use a set fitted to measurements"
        self.fail(
            f"{key}.safety" if own else "safety",
            f"assumption set {name} has no error quantile {safety}; {fix}",
        )
        return 0.0

    def _lengths(self, key: str, workload: Workload, study: Study) -> None:
        if workload.output_tokens is None and workload.context_tokens is None:
            self.fail(
                f"{key}.output_tokens", "is missing [tokens per request]; the context length follows from it"
            )
        elif workload.output_tokens is None and study.prefill and workload.input_tokens > 0:
            self.fail(
                f"{key}.output_tokens",
                "is missing [tokens per request]; prompts cannot be counted without it (or set prefill: false)",
            )
        elif workload.output_tokens is None and workload.demand_requests_per_s is not None:
            self.fail(
                f"{key}.output_tokens", "is missing [tokens per request]; demand_requests_per_s needs it"
            )


def _known_accelerator(name: str) -> Accelerator | None:
    """The catalogue's entry where there is one; with measured profiles alone a name of the user's own is fine."""
    try:
        return catalog.accelerator(name)
    except UnknownName:
        return None


def resolve(study: Study, file: str, folder: Path) -> ResolvedStudy:
    """Look up every name of a study; raises `InputError` with all problems, each with its key path."""
    resolver = Resolver(file, folder)
    fleet = resolver.fleet(study.fleet)
    assumptions = resolver.assumptions(study.assumptions)
    question = study.question
    priced = (
        question.minimise == "cost"
        or question.budget_usd_per_hour is not None
        or question.max_usd_per_million_tokens is not None
        or "cost" in (question.frontier or ())
    )
    supplies = [
        resolver.supply(f"fleet.supply[{i}]", supply, priced, study.physics)
        for i, supply in enumerate(fleet.supply if fleet else ())
    ]
    if study.physics and not study.models:
        resolver.fail("models", "is missing; name at least one model, or set physics: false with profiles")
    if not study.physics and not study.profiles:
        resolver.fail("profiles", "is empty and physics is false; list at least one CSV of measured capacity")
    models = [resolver.model(name, model) for name, model in study.models.items()]
    workloads = [
        resolver.workload(f"workloads[{i}]", w, study, assumptions) for i, w in enumerate(study.workloads)
    ]
    names = [workload.name for workload in study.workloads]
    for twice in sorted({name for name in names if names.count(name) > 1}):
        resolver.fail("workloads", f"name '{twice}' stands twice; every workload needs its own")
    _check_question(resolver, study, names)
    _check_power(resolver, study, supplies)
    profiles, problems = read_profiles(study.profiles, folder)
    resolver.problems += problems
    if resolver.problems or assumptions is None:
        raise InputError(resolver.problems)
    return ResolvedStudy(
        study,
        file,
        folder,
        tuple(supply for supply in supplies if supply),
        tuple(model for model in models if model),
        tuple(workload for workload in workloads if workload),
        assumptions,
        profiles,
    )


def _check_question(resolver: Resolver, study: Study, names: list[str]) -> None:
    asked = study.question.workload
    if asked is not None and asked not in names:
        resolver.fail("question.workload", f"'{asked}' is not among the workloads: {', '.join(names)}")
    if study.alternatives and (study.question.maximise == "pace" or study.question.frontier):
        resolver.fail(
            "alternatives",
            "are plans for one objective; ask to minimise cost, gpus or power, or to maximise throughput",
        )


def _check_power(resolver: Resolver, study: Study, supplies: list[ResolvedSupply | None]) -> None:
    """Every supply must say what it draws where power is limited or minimised; 0 would make it free."""
    if study.power_limit_kw is None and study.question.minimise != "power":
        return
    for index, supply in enumerate(supplies):
        if supply is not None and supply.power_kw is None:
            resolver.fail(
                f"fleet.supply[{index}].power_kw_per_accelerator",
                f"is missing [kW] and the catalogue has no design power of {supply.accelerator_name}; add it",
            )
