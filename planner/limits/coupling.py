"""Coupling: what a study ties together, by what its limits say of themselves; and nothing else is taken for granted.

Decomposition and screening accept only what is declared not to couple: a limit says what it couples, a field of the study
that no limit speaks for must stand in `UNCOUPLED`. A new field that stands in neither couples everything as soon as a
study uses it, so that forgetting it makes planning slower, never wrong.

Plans that are only *preferred* for their few kinds (`simplicity`, `alternatives`) count kinds too, but no proof rests
on it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import get_args

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from formulations.screening import Screening
from planner.config.resolved import ResolvedStudy
from planner.limits import registry
from planner.limits.limit import Coupling, Limit

UNCOUPLED = {
    "study.version", "study.name", "study.fleet", "study.models", "study.workloads", "study.question",
    "study.assumptions", "study.prefill", "study.safety", "study.serving", "study.layouts", "study.profiles",
    "study.physics", "study.simplicity", "study.alternatives", "study.detail", "study.solver",
    "study.engine",
    "question.minimise", "question.maximise", "question.frontier", "question.workload",
    "question.max_usd_per_million_tokens", "question.points", "question.between",
    "workload.name", "workload.model", "workload.input_tokens", "workload.output_tokens", "workload.context_tokens",
    "workload.prefix_hit_rate", "workload.counts_requests", "workload.safety", "workload.max_num_seqs",
    "workload.first_token_safety", "workload.safety_of",
    "model.name", "model.architecture", "model.weight_precisions", "model.kv_precisions", "model.speculation",
    "model.plain", "model.settings",
    "supply.name", "supply.accelerator_name", "supply.accelerator", "supply.usd_per_hour", "supply.price_source",
    "supply.written",
    "supply.site", "supply.owned", "supply.power_kw", "supply.carbon_kg_per_kwh", "site.carbon_kg_per_kwh",
}  # fmt: skip
"""Fields that say something of one model, workload or supply alone, or of how a study is solved."""

ALL: frozenset[Coupling] = frozenset(get_args(Coupling))


def tied(study: ResolvedStudy, limits: Iterable[Limit]) -> dict[Coupling, tuple[str, ...]]:
    """What is tied together, and by which limits or fields; a coupling of models that a price carries is left out."""
    found: dict[Coupling, list[str]] = {}
    spoken_for = UNCOUPLED.union(*(family.keys for family in registry.FAMILIES))
    for limit in limits:
        for coupling in limit.couples:
            if not (coupling == "models" and limit.priced):
                found.setdefault(coupling, []).append(limit.family)
    for key in _in_use(study):
        if key not in spoken_for:
            for coupling in ALL:
                found.setdefault(coupling, []).append(key)
    return {coupling: tuple(dict.fromkeys(names)) for coupling, names in found.items()}


def screening_under(ties: dict[Coupling, tuple[str, ...]]) -> Screening:
    """How far options may be left out under what is tied together."""
    if "instances" in ties:
        return "off"
    return "kinds" if "kinds" in ties else "full"


def _in_use(study: ResolvedStudy) -> Iterator[str]:
    """Fields that a study sets to something else than their default."""
    holders: list[tuple[str, object]] = [("study", study.config), ("question", study.config.question)]
    holders += [("workload", workload) for workload in study.workloads]
    holders += [("model", model) for model in study.models]
    holders += [("supply", supply) for supply in study.supplies]
    holders += [("site", site) for site in study.sites.values()]
    for owner, holder in holders:
        for name, default in fields_of(holder).items():
            if getattr(holder, name) != default:
                yield f"{owner}.{name}"


def fields_of(holder: object) -> dict[str, object]:
    """Field names of a schema object or dataclass with their defaults; a marker where there is none."""
    if isinstance(holder, BaseModel):
        known = type(holder).model_fields
        return {
            name: PydanticUndefined if field.is_required() else field.default for name, field in known.items()
        }
    assert dataclasses.is_dataclass(holder)
    return {field.name: field.default for field in dataclasses.fields(holder)}
