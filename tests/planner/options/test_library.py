"""Reused physics and options give what a separate solve gives, whatever changes and in whatever order."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest

from planner.batch.scenario import places_of
from planner.batch.scenarios import read_batch
from planner.batch.solve_one import Settings, Task, solve_task
from planner.config.load import load_study
from planner.options.library import Library
from planner.options.source import OptionSource
from planner.solving import solve
from tests.planner.batch.conftest import DEMAND, PACE, PRICE, STUDY

CHANGES: dict[str, list[Any]] = {
    PRICE: [1.0, 3.0],
    DEMAND: [10000, 50000],
    PACE: [15, 60],
    "workloads.chat.input_tokens": [100, 4000],
    "workloads.chat.max_ttft_ms": [300, None],
    "workloads.chat.prefix_hit_rate": [0.5],
    "fleet.supply[h100-sxm].limit": [4],
    "fleet.supply[l40s].accelerator": ["a100-80gb-sxm"],
    "fleet.supply[h100-sxm].unit": [8],
    "models.llama-8b.weight_precisions": [["bf16", "fp8"]],
    "models.llama-8b.kv_precisions": [["bf16", "fp8"]],
    "models.llama-8b.architecture": ["qwen3-8b"],
    "layouts.instance_gpus": [[1, 2, 4]],
    "assumptions": ["erdil-2025"],
    "prefill": [False],
    "utilisation": [0.7],
    "safety": [0.2],
    "spares.number": [1],
    "question": [{"minimise": "gpus"}, {"minimise": "power"}],
}


@pytest.fixture
def study() -> dict[str, Any]:
    """A config of its own for each test."""
    return copy.deepcopy(STUDY)


def _scenarios(study: dict[str, Any]) -> Any:
    """Every change alone, and pairs of them, in a shuffled order."""
    chosen = random.Random(4)
    single = [{path: value} for path, values in CHANGES.items() for value in values]
    pairs = [{**chosen.choice(single), **chosen.choice(single)} for _ in range(25)]
    named = [{"name": f"s{i}", "set": changes} for i, changes in enumerate([*single, *pairs])]
    chosen.shuffle(named)
    return read_batch({"base": study, "scenarios": named})


def test_every_kind_of_change_equals_a_separate_solve(study: dict[str, Any]) -> None:
    batch = _scenarios(study)
    library = Library()
    for scenario in batch.scenarios:
        changes = places_of(batch.base, scenario)
        record = solve_task(batch.base, Task("x", changes), Settings(), library)
        alone = solve(batch.base.changed(changes), compare=False, explain=False)
        assert record["termination"] == alone.status.termination, (scenario, record["message"])
        assert record["solution"] == alone.status.solution
        if alone.found:
            assert record["objective"] == pytest.approx(alone.objective.value, rel=1e-6), scenario
            assert record["bound"] == pytest.approx(alone.objective.bound, rel=1e-6)
            assert record["unit"] == alone.objective.unit
    assert library.tables.hits > 20
    assert library.options.hits > 20


def test_shared_options_are_the_very_same(study: dict[str, Any]) -> None:
    library = Library()
    for pace in (15, 40, 15):
        for demand in (5000, 50000):
            study["workloads"][0] |= {"min_pace_tokens_per_s": pace, "demand_tokens_per_s": demand}
            resolved = load_study(study)
            reused = OptionSource(resolved, library=library).options()
            alone = OptionSource(resolved).options()
            assert [o.id for o in reused.options] == [o.id for o in alone.options]
            for one, other in zip(reused.options, alone.options, strict=True):
                assert (one.instance_s_per_token == other.instance_s_per_token).all()
            assert reused.rejections == alone.rejections
    assert (library.tables.misses, library.options.misses) == (2, 4)  # two accelerators, two paces


def test_what_was_kept_longest_ago_is_forgotten(study: dict[str, Any]) -> None:
    library = Library()
    library.tables.most = 4
    library.make_room = lambda pairs: None  # type: ignore[method-assign]
    for tokens in (100, 200, 300, 300, 100):
        study["workloads"][0]["input_tokens"] = tokens
        _ = OptionSource(load_study(study), library=library).tables
    assert (len(library.tables), library.tables.hits, library.tables.misses) == (4, 2, 8)


@pytest.mark.parametrize(
    ("path", "value", "kept"),
    [
        (("fleet", "supply", 0, "price_usd_per_hour"), 9.0, 2),
        (("fleet", "supply", 0, "limit"), 8, 2),
        (("workloads", 0, "demand_tokens_per_s"), 5.0, 2),
        (("power_limit_kw",), 100.0, 2),
        (("fleet", "supply", 0, "unit"), 8, 1),
        (("workloads", 0, "min_pace_tokens_per_s"), 31.0, 0),
        (("workloads", 0, "max_ttft_ms"), 500.0, 0),
        (("utilisation",), 0.5, 0),
        (("prefill",), False, 0),
    ],
)
def test_options_are_kept_only_where_nothing_that_they_rest_on_changed(
    study: dict[str, Any], path: Any, value: Any, kept: int
) -> None:
    from planner.batch.paths import put

    library = Library()
    OptionSource(load_study(study), library=library).options()
    put(study, path, value)
    OptionSource(load_study(study), library=library).options()
    assert library.options.hits == kept  # of two accelerators


def test_every_field_of_a_supply_and_a_workload_is_known_to_matter_or_not() -> None:
    """A new field makes reuse rarer, not wrong; whoever adds one that does not matter says so in `library`."""
    from dataclasses import fields

    from planner.config.resolved import ResolvedWorkload
    from planner.config.schema.study import Study
    from planner.options import library

    assert {f.name for f in fields(ResolvedWorkload)} >= library.NOT_PHYSICS | library.NOT_OPTIONS
    assert set(Study.model_fields) >= library.NEITHER
