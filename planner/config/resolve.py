"""A checked config becomes a study: names looked up, workloads in the program's units; all problems at once."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from fleets.schema.assumptions import AssumptionSet
from planner.config.engine import check_longest, with_engine
from planner.config.lookup import Lookup
from planner.config.margins import Margin, margin
from planner.config.resolved import ResolvedModel, ResolvedStudy, ResolvedSupply, ResolvedWorkload
from planner.config.schema.study import Study
from planner.config.schema.workloads import Workload
from planner.errors import InputError
from planner.objectives import COST, Objective
from planner.profiles.read import read_profiles


class _Workloads:
    """Workloads in tokens per second, margins included."""

    def __init__(
        self,
        lookup: Lookup,
        study: Study,
        assumptions: AssumptionSet | None,
        models: Sequence[ResolvedModel],
        supplies: Sequence[ResolvedSupply],
    ) -> None:
        self.lookup, self.study, self.assumptions = lookup, study, assumptions
        self.models = {model.name: model for model in models}
        self.accelerators = [supply.accelerator for supply in supplies if supply.accelerator is not None]

    def resolve(self, key: str, workload: Workload) -> ResolvedWorkload | None:
        study = self.study
        before = len(self.lookup.problems)
        model = workload.model
        if model is None and len(study.models) == 1:
            model = next(iter(study.models))
        if model is None:
            if study.physics:
                self.lookup.fail(
                    f"{key}.model",
                    "is missing; name one of the models: " + (", ".join(study.models) or "none given"),
                )
            model = workload.name
        elif study.physics and model not in study.models:
            self.lookup.fail(
                f"{key}.model", f"'{model}' is not under models: {', '.join(study.models) or 'none given'}"
            )
        if study.physics:
            self._lengths(key, workload)
        free = study.question.frees(workload.name, alone=len(study.workloads) == 1)
        demand = workload.demand_tokens_per_s
        if workload.demand_requests_per_s is not None:
            demand = workload.demand_requests_per_s * (workload.output_tokens or 1.0)
        if demand is None and not free:
            self.lookup.fail(
                f"{key}.demand_tokens_per_s",
                "is missing [generated tokens/s, all users together]; give it or demand_requests_per_s",
            )
        if len(self.lookup.problems) > before:
            return None
        margins = self._margin(key, workload, model)
        ttft = workload.max_ttft_ms and workload.max_ttft_ms / 1000 / (1 + margins.first_token)
        return ResolvedWorkload(
            workload.name, model, workload.input_tokens, workload.output_tokens or 1.0, workload.context,
            (demand or 0.0) * (1 + margins.token), workload.pace * (1 + margins.token), ttft,
            workload.prefix_hit_rate, workload.max_kinds or study.max_kinds_per_workload, workload.max_num_seqs,
            workload.output_tokens is None and workload.demand_requests_per_s is not None, margins.token,
            margins.first_token, margins.of,
        )  # fmt: skip

    def _margin(self, key: str, workload: Workload, model: str) -> Margin:
        """The workload's own margin, or the config's; none where what it needs is wrong elsewhere."""
        own = workload.safety is not None
        safety = workload.safety if workload.safety is not None else self.study.safety
        try:
            if self.assumptions is not None:
                found = self.models.get(model)
                return margin(safety, self.study, workload, found, self.accelerators, self.assumptions)
        except ValueError as error:
            self.lookup.fail(f"{key}.safety" if own else "safety", str(error))
        return Margin(0.0, 0.0)

    def _lengths(self, key: str, workload: Workload) -> None:
        study = self.study
        if workload.output_tokens is None and workload.context_tokens is None:
            self.lookup.fail(
                f"{key}.output_tokens", "is missing [tokens per request]; the context length follows from it"
            )
        elif workload.output_tokens is None and study.prefill and workload.input_tokens > 0:
            self.lookup.fail(
                f"{key}.output_tokens",
                "is missing [tokens per request]; prompts cannot be counted without it (or set prefill: false)",
            )
        elif workload.output_tokens is None and workload.demand_requests_per_s is not None:
            self.lookup.fail(
                f"{key}.output_tokens", "is missing [tokens per request]; demand_requests_per_s needs it"
            )


def resolve(study: Study, file: str, folder: Path) -> ResolvedStudy:
    """Look up every name of a study; raises `InputError` with all problems, each with its key path."""
    lookup = Lookup(file, folder)
    fleet = lookup.fleet(study.fleet)
    assumptions = with_engine(lookup, study.engine, lookup.assumptions(study.assumptions))
    counted = study.counted(fleet.sites.values() if fleet else ())
    supplies = (
        []
        if fleet is None
        else [
            lookup.supply(f"fleet.supply[{i}]", supply, fleet, COST in counted, study.physics)
            for i, supply in enumerate(fleet.supply)
        ]
    )
    if study.physics and not study.models:
        lookup.fail("models", "is missing; name at least one model, or set physics: false with profiles")
    if not study.physics and not study.profiles:
        lookup.fail("profiles", "is empty and physics is false; list at least one CSV of measured capacity")
    models = [lookup.model(name, model) for name, model in study.models.items()]
    in_units = _Workloads(
        lookup, study, assumptions, [model for model in models if model], [s for s in supplies if s]
    )
    workloads = [in_units.resolve(f"workloads[{i}]", w) for i, w in enumerate(study.workloads)]
    names = [workload.name for workload in study.workloads]
    for twice in sorted({name for name in names if names.count(name) > 1}):
        lookup.fail("workloads", f"name '{twice}' stands twice; every workload needs its own")
    _check_question(lookup, study, names)
    _check_layouts(lookup, study, assumptions)
    check_longest(lookup, study)
    _check_counted(lookup, counted, supplies)
    profiles, problems = read_profiles(study.profiles, folder)
    lookup.problems += problems
    if not study.physics and not problems:
        _check_measured(lookup, study, {row.workload for row in profiles})
    if lookup.problems or assumptions is None:
        raise InputError(lookup.problems)
    return ResolvedStudy(
        study,
        file,
        folder,
        tuple(supply for supply in supplies if supply),
        tuple(model for model in models if model),
        tuple(workload for workload in workloads if workload),
        assumptions,
        profiles,
        fleet.sites if fleet else {},
    )


def _check_question(lookup: Lookup, study: Study, names: list[str]) -> None:
    asked = study.question.workload
    if asked is not None and asked not in names:
        lookup.fail("question.workload", f"'{asked}' is not among the workloads: {', '.join(names)}")
    if study.alternatives and not study.question.ranks_plans:
        lookup.fail(
            "alternatives",
            "are plans for one objective; ask to minimise cost, gpus or power, or to maximise throughput",
        )


def _check_layouts(lookup: Lookup, study: Study, assumptions: AssumptionSet | None) -> None:
    grouped = max(study.layouts.attention_groups or (1,)) > 1
    if grouped and assumptions and assumptions.choices.attention_scaledown != "data_parallel":
        lookup.fail(
            "layouts.attention_groups",
            f"assumption set {assumptions.name} has no data-parallel attention; leave it at [1] or use another set",
        )


def _check_measured(lookup: Lookup, study: Study, measured: set[str]) -> None:
    """Without physics a workload needs a row: a misspelt name, most likely."""
    for workload in study.workloads:
        if workload.name not in measured:
            near = difflib.get_close_matches(workload.name, measured, n=3)
            hint = f"did you mean {', '.join(near)}?" if near else "add rows, or set physics: true"
            lookup.fail("workloads", f"no profile has a row of '{workload.name}'; {hint}")


def _check_counted(
    lookup: Lookup, counted: Sequence[Objective], supplies: Sequence[ResolvedSupply | None]
) -> None:
    """Every supply must say what it counts where that is limited or optimised; 0 would make it free."""
    for objective in counted:
        for index, supply in enumerate(supplies):
            if supply is not None and not objective.known(supply):
                lookup.fail(
                    f"fleet.supply[{index}].{objective.supply_key}",
                    f"is missing {objective.missing.format(accelerator=supply.accelerator_name)}",
                )
