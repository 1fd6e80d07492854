"""A limit that nobody has seen before, in one class, is known at once to program, certificate and explanations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from formulations.program.data import Cap
from planner.allocation import Allocation
from planner.by_hand.greedy import greedy
from planner.certificate.certificate import certified, certify
from planner.checks import Check, at_most
from planner.config.load import load_study
from planner.config.resolved import ResolvedStudy
from planner.config.variants import with_config
from planner.explain.binding import binding
from planner.explain.infeasible import explain_infeasible
from planner.explain.sensitivity import marginals
from planner.limits import registry
from planner.limits.capped import CappedLimit, taken
from planner.limits.entries import Entries
from planner.limits.limit import Coupling, Dual
from planner.operation.operated import Operated
from planner.plan.extract import plan_from
from planner.problem.decomposition.by_model import cut
from planner.problem.problem import Problem
from planner.problem.refute import refute
from planner.questions.ask import ask
from planner.questions.minimise import CHEAPEST
from planner.questions.throughput import is_bounded
from tests.planner.problems import data_of

STUDY: dict[str, Any] = {
    "fleet": {
        "supply": [
            {"accelerator": "h100-sxm", "price_usd_per_hour": 2.0},
            {"accelerator": "l40s", "price_usd_per_hour": 0.7},
        ]
    },
    "models": {
        "a": {"architecture": "llama-3.1-8b", "weight_precisions": ["fp8"]},
        "b": {"architecture": "qwen3-8b", "weight_precisions": ["fp8"]},
    },
    "workloads": [
        {"name": "chat", "model": "a", "input_tokens": 500, "output_tokens": 300, "demand_tokens_per_s": 60000,
         "max_tpot_ms": 30},
        {"name": "code", "model": "b", "input_tokens": 500, "output_tokens": 300, "demand_tokens_per_s": 9000,
         "max_tpot_ms": 30},
    ],
    "layouts": {"instance_gpus": [1, 2]},
    "solver": {"gap": 1e-5, "time_limit_s": 30},
}  # fmt: skip


class Licences(CappedLimit):
    """So many instances may run at all: a licence each, spares too. Written in the study's name, for want of a key."""

    family: ClassVar[str] = "licences"
    keys: ClassVar[frozenset[str]] = frozenset({"study.licences"})

    @classmethod
    def found_in(cls, study: ResolvedStudy) -> Iterator[Licences]:
        _, _, most = study.config.name.partition(" with ")
        if most:
            yield cls("", "licences", float(most), "licences", f"at most {most} licences")

    @property
    def couples(self) -> frozenset[Coupling]:
        return frozenset({"models", "sites", "instances"})

    def cap(self, study: ResolvedStudy) -> Cap:
        return Cap(self.family, self.value, per_instance={s.name: 1.0 for s in study.supplies})

    @property
    def step(self) -> int:
        return 1

    def rounded(self, needed: float) -> float:
        return round(needed)

    def enter(self, entries: Entries) -> None:
        entries.caps.append(self.cap(entries.study))

    def checks(self, operated: Operated) -> Iterator[Check]:
        used = sum(d.instances + d.spares for d in operated.allocation.deployments)
        yield at_most("licences", used, self.value, "licences")

    def dropped(self, study: ResolvedStudy) -> ResolvedStudy:
        return with_config(study, name="toy")

    def stretched(self, study: ResolvedStudy, value: float) -> ResolvedStudy:
        return with_config(study, name=f"toy with {value:.0f}")

    def instead(self, value: float) -> str:
        return f"{value:.0f} licences instead of {self.value:.0f}"

    def binds(self, study: ResolvedStudy, allocation: Allocation) -> str | None:
        used = taken(self.cap(study), allocation)
        return f"{used:.0f} licences are used ({self.key})" if used + 1 > self.value else None

    def dual(self, lot: float) -> Dual | None:
        return Dual("Limit_Cap", self.family, "licence", 1.0 / self.value, self.key, True)


@pytest.fixture(autouse=True)
def licensed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit's line in the registry."""
    monkeypatch.setattr(registry, "FAMILIES", (*registry.FAMILIES, Licences))


def problem(licences: int | None, **changes: Any) -> Problem:
    name = "toy" if licences is None else f"toy with {licences}"
    return Problem(load_study(STUDY | changes | {"name": name}))


def instances(allocation: Allocation | None) -> int:
    assert allocation is not None
    return sum(d.instances + d.spares for d in allocation.deployments)


FREE = 20
"""More licences than the cheapest plan without the limit needs."""


def test_the_plan_keeps_it_and_pays_for_it() -> None:
    free, held = ask(problem(None)), ask(problem(6))
    assert free.objective is not None and held.objective is not None
    assert instances(free.allocation) > 6 >= instances(held.allocation)
    assert held.objective > free.objective and held.holds == "proven"
    assert ask(problem(FREE)).objective == pytest.approx(free.objective, rel=2e-5)


def test_whatever_is_cut_or_left_out_the_answer_is_the_same() -> None:
    clever = problem(6)
    assert cut(clever, CHEAPEST) is None and cut(problem(None), CHEAPEST) is not None
    assert clever.source.screening == "off" and problem(None).source.screening == "full"
    plain = replace(clever, screening=False, decomposition=False)
    assert ask(clever).objective == pytest.approx(ask(plain).objective, rel=2e-5)


def test_the_certificate_checks_it() -> None:
    answer = ask(problem(6))
    assert any(check.name == "licences" for check in certified(answer).checks)
    stricter = with_config(answer.study, name="toy with 3")
    assert answer.allocation is not None
    failed = certify(stricter, answer.allocation, answer.options).failures
    assert [check.name for check in failed] == ["licences"]


def test_the_plan_made_by_hand_keeps_it() -> None:
    by_hand = greedy(data_of(problem(FREE)), "cost")
    assert by_hand is not None and instances(by_hand) <= FREE
    assert greedy(data_of(problem(1)), "cost") is None


def test_spares_need_licences_too() -> None:
    answer = ask(problem(8, spares={"number": 1}))
    assert instances(answer.allocation) <= 8
    assert not certified(answer).failures


def test_where_it_clashes_the_least_more_of_it_is_found() -> None:
    limited = problem(1)
    answer = ask(limited)
    assert answer.termination == "infeasible"
    assert refute(limited, answer)[1] is not None
    why = explain_infeasible(limited, 60.0)
    assert any("at most 1 licences (licences)" in clash for clash in why.clashes)
    more = next(r for r in why.relaxations if r.keys == ("licences",))
    assert more.least
    enough = int(more.sentence.split()[0])
    assert ask(problem(enough)).allocation is not None
    assert ask(problem(enough - 1)).termination == "infeasible"


def test_it_binds_and_one_more_has_a_price() -> None:
    held = problem(6)
    answer = ask(held)
    assert any("licences are used" in said for said in binding(held, answer, plan_from(answer)))
    price = next(marginal for marginal in marginals(held, answer, 30.0) or () if marginal.of == "licences")
    assert price.usd_per_hour < 0 and price.per == "licence"


def test_it_ends_what_can_be_served() -> None:
    question = {"maximise": "throughput", "workload": "chat"}
    assert is_bounded(problem(6, question=question)) and not is_bounded(problem(None, question=question))
    answer = ask(problem(6, question=question))
    assert answer.objective is not None and instances(answer.allocation) <= 6
