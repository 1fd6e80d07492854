"""The next best plans that differ in kinds, against every subset of kinds solved on its own."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from planner.config.load import study_from
from planner.errors import InputError
from planner.problem.problem import Problem
from planner.problem.solve import solve
from planner.questions.alternatives import alternatives_to, kinds_of, next_best
from planner.questions.ask import ask
from planner.questions.minimise import CHEAPEST
from tests.planner.questions.measured import source


def test_each_lacks_a_kind_of_every_better_one(tmp_path: Path) -> None:
    # 12 requests/s: a 4 $ (4 x 3/s), b 4.4 $ (4 x 3/s), c 6 $ (2 x 6/s): within 20 % only a and b.
    supply = [
        {"accelerator": name, "price_usd_per_hour": price}
        for name, price in (("a", 1.0), ("b", 1.1), ("c", 3.0))
    ]
    rows = [("a", 1, "chat", 3.0), ("b", 1, "chat", 3.0), ("c", 1, "chat", 6.0)]
    found = source(tmp_path, supply, {"chat": 12.0}, rows, alternatives={"count": 3, "within": "20%"})
    listed = alternatives_to(found, ask(found))
    assert listed is not None and listed.complete
    assert [(row["objective"], row["kinds"]) for row in listed.rows()] == [
        (pytest.approx(4.0), "m/a/1gpu/measured"),
        (pytest.approx(4.4), "m/b/1gpu/measured"),
    ]
    assert listed.rows()[1]["worse_by"] == pytest.approx(0.1)
    assert listed.rows()[1]["without"] == "m/a/1gpu/measured"


def test_alternatives_of_a_throughput_question(tmp_path: Path) -> None:
    # 6 $/h: 6 a = 18/s; without a: 5 b = 15/s.
    supply = [
        {"accelerator": "a", "price_usd_per_hour": 1.0},
        {"accelerator": "b", "price_usd_per_hour": 1.2},
    ]
    rows = [("a", 1, "chat", 3.0), ("b", 1, "chat", 3.0)]
    question = {"maximise": "throughput", "workload": "chat", "budget_usd_per_hour": 6.0}
    wanted = {"count": 1, "within": "20%"}
    found = source(tmp_path, supply, {"chat": None}, rows, question=question, alternatives=wanted)
    listed = alternatives_to(found, ask(found))
    assert listed is not None
    assert [a.objective for a in listed.answers] == [pytest.approx(18.0), pytest.approx(15.0)]


def test_none_are_listed_unless_asked_for(tmp_path: Path) -> None:
    supply = [{"accelerator": "a", "price_usd_per_hour": 1.0}]
    found = source(tmp_path, supply, {"chat": 12.0}, [("a", 1, "chat", 3.0)])
    assert alternatives_to(found, ask(found)) is None
    with pytest.raises(InputError, match="alternatives: are plans for one objective"):
        source(
            tmp_path, supply, {"chat": 12.0}, [("a", 1, "chat", 3.0, 5)], alternatives={},
            question={"maximise": "pace", "workload": "chat"},
        )  # fmt: skip


def _best_without(found: Problem, plans: list[frozenset[str]], kinds: list[str]) -> float | None:
    """The cheapest plan that lacks a kind of each of `plans`, by solving every allowed subset of kinds."""
    best: float | None = None
    for size in range(1, len(kinds) + 1):
        for subset in itertools.combinations(kinds, size):
            if any(plan <= set(subset) for plan in plans):
                continue
            cost = solve(found.without_kinds(*(set(kinds) - set(subset))), CHEAPEST).objective
            if cost is not None and (best is None or cost < best):
                best = cost
    return best


@pytest.mark.parametrize("seed", range(4))
def test_against_every_subset_of_kinds(tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    names = ["a", "b", "c", "d"]
    supply = [
        {
            "accelerator": name,
            "price_usd_per_hour": float(random.uniform(1, 4)),
            "limit": int(random.integers(2, 9)),
        }
        for name in names
    ]
    rows = [
        (name, 1, work, float(random.uniform(2, 8)))
        for name in names
        for work in ("chat", "code")
        if random.random() < 0.9
    ]
    found = source(tmp_path, supply, {"chat": 15.0, "code": 8.0}, rows, solver={"gap": 0.0})
    best = solve(found, CHEAPEST)
    if best.allocation is None:
        assert seed != 0, "the first instance has a plan, or this test would show nothing"
        return
    listed = next_best(found, best, 3, 1.0, 60.0)
    assert listed.complete
    kinds = [kind.name for kind in found.source.measured]
    before = [kinds_of(best)]
    for answer in listed.answers[1:]:
        assert answer.objective == pytest.approx(_best_without(found, before, kinds))
        assert not any(plan <= kinds_of(answer) for plan in before)
        before.append(kinds_of(answer))
    if len(listed.answers) < 4:
        cost = _best_without(found, before, kinds)
        assert cost is None or best.objective is None or cost > 2 * best.objective


def test_forbidden_kinds_are_gone_in_every_role(tmp_path: Path) -> None:
    config = {
        "fleet": {"supply": [{"accelerator": "h100-sxm", "price_usd_per_hour": 2.0}]},
        "models": {"m": {"architecture": "llama-3.1-8b"}},
        "workloads": [
            {"name": "chat", "input_tokens": 2000, "output_tokens": 300, "demand_tokens_per_s": 9000}
        ],
        "serving": ["aggregated", "disaggregated"],
    }
    found = Problem(study_from(config, "config.yaml", tmp_path))
    for role in ("aggregated", "prefill", "decode"):
        kinds = {option.kind for option in found.options().options if option.role == role}
        assert kinds
        left = {option.kind for option in found.without_kinds(*kinds).options().options}
        assert left and not left & kinds
