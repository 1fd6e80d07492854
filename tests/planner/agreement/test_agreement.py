"""Jointly and by model, screened and unscreened agree, over every limit and feature, alone and two at a time.

Seeds beyond the first run under the marker `long`:  pytest -m long tests/planner/agreement
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from planner.config.load import study_from
from planner.limits.kinds import KindLimit
from planner.limits.spares import SpareInstances
from planner.limits.total import TotalLimit
from planner.limits.units import BillingUnits
from planner.problem.decomposition.by_model import cut
from planner.problem.problem import Problem
from planner.questions.ask import question_of
from tests.conftest import ROOT
from tests.planner.agreement.compare import disagreements
from tests.planner.agreement.studies import FEATURES, study, write_profile

MORE_SEEDS = range(1, 6)
NAMED: tuple[tuple[tuple[str, ...], int], ...] = (
    (("sites", "spares"), 1),
    (("pools", "spares"), 42),
    (("pools", "units", "kinds"), 22),
    (("pools", "fewest_gpus", "spares"), 58),
    (("pools", "fewest_gpus", "spares"), 82),
    (("power", "spare_share"), 0),
    (("units", "precisions"), 0),
)
"""Studies in which a declaration taken away gives a false proof or a plan that fails its certificate."""
UNDECLARED: tuple[tuple[type, frozenset[str], int], ...] = (
    (SpareInstances, frozenset({"kinds"}), 0),
    (SpareInstances, frozenset({"sites"}), 1),
    (KindLimit, frozenset(), 2),
    (SpareInstances, frozenset({"sites"}), 3),
    (TotalLimit, frozenset(), 5),
    (BillingUnits, frozenset(), 6),
)
"""A limit, the little that it still says of itself, and the named study that shows it."""


def pairs_with(feature: str) -> Iterable[tuple[str, ...]]:
    """The feature alone, and with every one after it."""
    names = list(FEATURES)
    yield (feature,)
    yield from ((feature, other) for other in names[names.index(feature) + 1 :])


@pytest.mark.parametrize("feature", FEATURES)
def test_every_feature_alone_and_with_every_other(feature: str, tmp_path: Path) -> None:
    found = {
        names: said for names in pairs_with(feature) if (said := disagreements(study(names, 0), tmp_path))
    }
    assert not found


@pytest.mark.parametrize(("names", "seed"), NAMED)
def test_named_studies(names: tuple[str, ...], seed: int, tmp_path: Path) -> None:
    assert not disagreements(study(names, seed), tmp_path)


@pytest.mark.parametrize(("family", "couples", "case"), UNDECLARED)
def test_a_declaration_taken_away_is_seen(
    family: type, couples: frozenset[str], case: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the declarations prevent, and that these studies would show it."""
    monkeypatch.setattr(family, "couples", property(lambda limit: couples))
    assert disagreements(study(*NAMED[case]), tmp_path)


def test_the_studies_are_worth_it(tmp_path: Path) -> None:
    """Most have a plan, many are cut by model, and all three ways of screening occur."""
    seen: dict[str, int] = {}
    for names in itertools.combinations(FEATURES, 2):
        config = study(names, 0)
        write_profile(config, tmp_path)
        problem = Problem(study_from(config, "agreement.yaml", tmp_path))
        for what, truth in {
            "cut": cut(problem, question_of(problem).goal) is not None,
            "sites apart": "sites" in problem.ties,
            problem.source.screening: True,
        }.items():
            seen[what] = seen.get(what, 0) + truth
    assert seen["cut"] > 150 and seen["full"] > 200 and seen["kinds"] > 80 and seen["sites apart"] > 100


@pytest.mark.long
@pytest.mark.parametrize("seed", MORE_SEEDS)
@pytest.mark.parametrize("feature", FEATURES)
def test_more_seeds(feature: str, seed: int, tmp_path: Path) -> None:
    found = {
        names: said for names in pairs_with(feature) if (said := disagreements(study(names, seed), tmp_path))
    }
    assert not found


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
@pytest.mark.parametrize(
    "also", [("spares",), ("kinds",), ("units", "kinds"), ("fewest_gpus", "spares"), ("sites", "spares")]
)
def test_more_pools(also: tuple[str, ...], block: int, tmp_path: Path) -> None:
    """Pools of one model are where kinds that count differ most from kinds that do not."""
    for seed in range(10 * block, 10 * block + 10):
        assert not disagreements(study(("pools", *also), seed), tmp_path), seed


CASES = ROOT.parent / "shared" / "data" / "cases"
RIGHT: dict[str, float] = {
    "two-sites-spare.yaml": 72.60,
    "spares-per-kind.json": 150.624,  # 172.888 while HBM was data-sheet GB
    "screen-max-kinds.yaml": 16.0,
    "keyerror-limit-bought.yaml": 48.0,
}
"""Studies that answered wrong, crashed or failed their certificate, and the right objective."""


@pytest.mark.parametrize("name", RIGHT)
def test_cases_that_were_wrong(name: str, tmp_path: Path) -> None:
    path = CASES / name
    if not path.exists():
        pytest.skip("the shared data is not here")
    from planner.config.load import load_study

    resolved = load_study(path)
    for screening, decomposition in itertools.product((True, False), repeat=2):
        problem = Problem(resolved, screening=screening, decomposition=decomposition)
        answer = question_of(problem).answer(simplest=False)
        assert answer.objective == pytest.approx(RIGHT[name], rel=1e-4), (screening, decomposition)


TWO_SITES: dict[str, Any] = {
    "name": "two-sites-spare",
    "fleet": {
        "supply": [
            {"accelerator": "h100-sxm", "name": "east", "price_usd_per_hour": 2.0, "limit": 8},
            {"accelerator": "h100-sxm", "name": "west", "price_usd_per_hour": 2.2, "limit": 64},
        ]
    },
    "models": {
        "m": {"architecture": "llama-3.1-70b", "weight_precisions": ["fp8"]},
        "s": {"architecture": "llama-3.1-8b", "weight_precisions": ["fp8"]},
    },
    "workloads": [
        {"name": "chat", "model": "m", "input_tokens": 1024, "output_tokens": 300, "demand_tokens_per_s": 12000,
         "min_pace_tokens_per_s": 30},
        {"name": "small", "model": "s", "input_tokens": 1024, "output_tokens": 300, "demand_tokens_per_s": 60000,
         "min_pace_tokens_per_s": 30},
    ],
    "spares": {"number": 1},
}  # fmt: skip


def test_two_models_at_two_sites_with_a_spare(tmp_path: Path) -> None:
    """The study whose plan failed its certificate: spares belong to a kind at a site, not to a kind in a market."""
    assert not disagreements(TWO_SITES, tmp_path)
