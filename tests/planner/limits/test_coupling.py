"""What limits couple, and that nothing of a study is left undeclared."""

from __future__ import annotations

from dataclasses import dataclass, fields, make_dataclass, replace
from typing import Any

import pytest

from fleets.schema.fleets import Site
from planner.config.load import load_study
from planner.config.resolved import ResolvedModel, ResolvedStudy, ResolvedSupply, ResolvedWorkload
from planner.config.schema.question import Question
from planner.config.schema.study import Study
from planner.limits import coupling, registry
from planner.limits.coupling import ALL, UNCOUPLED, screening_under, tied
from planner.limits.registry import FAMILIES, limits_of
from planner.problem.decomposition.by_model import cut
from planner.problem.problem import Problem
from planner.questions.minimise import CHEAPEST

BASE: dict[str, Any] = {
    "fleet": {
        "supply": [
            {"accelerator": "h100-sxm", "site": "east", "price_usd_per_hour": 2.0, "limit": 64},
            {"accelerator": "h100-sxm", "site": "west", "price_usd_per_hour": 2.2, "limit": 64},
        ],
        "sites": {"east": {"carbon_kg_per_kwh": 0.4}, "west": {"carbon_kg_per_kwh": 0.1}},
    },
    "models": {"a": {"architecture": "llama-3.1-8b"}, "b": {"architecture": "qwen3-8b"}},
    "workloads": [
        {"name": "chat", "model": "a", "output_tokens": 200, "demand_tokens_per_s": 900, "max_tpot_ms": 50},
        {"name": "code", "model": "b", "output_tokens": 200, "demand_tokens_per_s": 900, "max_ttft_ms": 900},
    ],
    "layouts": {"instance_gpus": [1, 2]},
}


def study_of(**changes: Any) -> ResolvedStudy:
    return load_study(BASE | changes)


def ties_of(**changes: Any) -> dict[str, tuple[str, ...]]:
    study = study_of(**changes)
    return {str(name): by for name, by in tied(study, limits_of(study)).items()}


FIELDS = {
    "study": set(Study.model_fields),
    "question": set(Question.model_fields),
    "workload": {field.name for field in fields(ResolvedWorkload)},
    "model": {field.name for field in fields(ResolvedModel)},
    "supply": {field.name for field in fields(ResolvedSupply)},
    "site": set(Site.model_fields),
}


def test_every_field_of_a_study_belongs_to_a_limit_or_is_declared_uncoupled() -> None:
    """A new field stands in neither and keeps everything together, until whoever adds it says what it couples."""
    spoken_for = UNCOUPLED.union(*(family.keys for family in FAMILIES))
    known = {f"{owner}.{name}" for owner, names in FIELDS.items() for name in names}
    assert known == spoken_for
    owners = [key for family in FAMILIES for key in family.keys]
    assert not UNCOUPLED & set(owners)
    assert len(owners) == len(set(owners)), "a key belongs to one limit"


def test_plain_limits_leave_models_apart_and_options_screened() -> None:
    assert ties_of() == {}
    assert screening_under(tied(study_of(), limits_of(study_of()))) == "full"
    assert cut(Problem(study_of()), CHEAPEST) is not None


@pytest.mark.parametrize(
    ("changes", "coupled"),
    [
        ({"power_limit_kw": 50.0}, {"models", "sites"}),
        ({"carbon_limit_kg_per_hour": 50.0}, {"models", "sites"}),
        ({"fleet": {**BASE["fleet"], "sites": {"east": {"power_limit_kw": 50.0}}}}, {"models", "sites"}),
        ({"question": {"minimise": "cost", "budget_usd_per_hour": 90.0}}, {"models", "sites"}),
        ({"spares": {"number": 1}}, {"kinds", "sites"}),
        ({"spares": {"share": 0.1}}, {"kinds", "sites"}),
        ({"max_kinds_per_workload": 1}, {"kinds"}),
        ({"utilisation": 0.8}, set()),
        ({"simplicity": 0.01}, set()),
    ],
)
def test_what_a_limit_couples(changes: dict[str, Any], coupled: set[str]) -> None:
    ties = ties_of(**changes)
    assert set(ties) == coupled
    study = study_of(**changes)
    assert screening_under(tied(study, limits_of(study))) == ("kinds" if "kinds" in coupled else "full")
    assert (cut(Problem(study), CHEAPEST) is None) == ("models" in coupled)


def test_units_that_two_models_could_fill_keep_them_together() -> None:
    supply = [{**row, "unit": 8} for row in BASE["fleet"]["supply"]]
    fleet = {**BASE["fleet"], "supply": supply}
    assert set(ties_of(fleet=fleet)) == {"models", "sites"}
    assert ties_of(fleet=fleet, layouts={"instance_gpus": [8, 16]}) == {}


def test_a_field_that_nobody_declared_couples_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    study = study_of()
    new = make_dataclass("NewWorkload", [("rack", str, "")], bases=(ResolvedWorkload,), frozen=True)
    first, *rest = study.workloads
    values = {field.name: getattr(first, field.name) for field in fields(ResolvedWorkload)}
    unused, used = new(**values), new(**values, rack="r1")
    assert tied(replace(study, workloads=(unused, *rest)), limits_of(study)) == {}
    strange = replace(study, workloads=(used, *rest))
    assert set(tied(strange, limits_of(strange))) == ALL
    assert cut(Problem(strange), CHEAPEST) is None
    assert Problem(strange).source.screening == "off"
    monkeypatch.setattr(coupling, "UNCOUPLED", UNCOUPLED | {"workload.rack"})
    assert tied(strange, limits_of(strange)) == {}


def test_what_limits_say_is_asked_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A family that says another thing of itself changes what may be cut, with nothing else touched."""
    kinds = next(family for family in FAMILIES if family.family == "kinds")

    @dataclass(frozen=True)
    class CouplesModels(kinds):  # type: ignore[misc, valid-type]
        @property
        def couples(self) -> frozenset[str]:
            return frozenset({"models"})

    changed = tuple(CouplesModels if family is kinds else family for family in FAMILIES)
    assert cut(Problem(study_of(max_kinds_per_workload=1)), CHEAPEST) is not None
    monkeypatch.setattr(registry, "FAMILIES", changed)
    problem = Problem(study_of(max_kinds_per_workload=1))
    assert cut(problem, CHEAPEST) is None and problem.source.screening == "full"
