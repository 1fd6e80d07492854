"""Ids of options are injective: no two options of a study have one, whatever it mixes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.config.load import study_from
from planner.options.measured import measured_kinds
from planner.problem.problem import Problem
from planner.profiles.read import ROLES
from tests.planner.agreement.studies import FEATURES, study, write_profile

OF_OPTIONS = ("pace", "ttft", "pools", "disaggregated", "speculation", "pipeline", "two_d", "precisions", "profiles",
              "prefix_hits", "no_prompts", "safety", "engine_settings")  # fmt: skip
"""Features that make more options, or other ones."""


def assert_unique(problem: Problem) -> None:
    for estimate in ("over", "under"):
        for refinement in (0, 1):
            ids = [option.id for option in problem.options(estimate, refinement).options]
            assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    "seed", [*range(12), *(pytest.param(s, marks=pytest.mark.long) for s in range(12, 150))]
)
def test_ids_of_random_studies_are_unique(seed: int, tmp_path: Path) -> None:
    chosen = random.Random(f"ids {seed}")
    config = study(tuple(chosen.sample([name for name in OF_OPTIONS if name in FEATURES], 3)), seed)
    write_profile(config, tmp_path)
    assert_unique(Problem(study_from(config, "study", tmp_path), screening=False))


labels = st.text(
    st.characters(codec="utf-8", exclude_characters='",\n\r', exclude_categories=("Cc",)), max_size=12
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ROLES), st.one_of(st.sampled_from(["", *ROLES, "a/b"]), labels)),
                min_size=1, max_size=6))  # fmt: skip
def test_names_of_measured_kinds_are_unique(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    rows = list(dict.fromkeys((role, label.strip()) for role, label in rows))
    folder = tmp_path_factory.mktemp("profiles")
    lines = [f"m,h100-sxm,1,w,{role},2,{label}" for role, label in rows]
    text = "\n".join(("model,accelerator,gpus,workload,role,requests_per_s,label", *lines))
    (folder / "p.csv").write_text(text, encoding="utf-8")
    config = {
        "fleet": {"supply": [{"accelerator": "h100-sxm", "price_usd_per_hour": 1.0}]},
        "workloads": [{"name": "w", "model": "m", "demand_requests_per_s": 1}],
        "physics": False, "profiles": ["p.csv"], "serving": ["aggregated", "disaggregated"],
    }  # fmt: skip
    kinds, _ = measured_kinds(study_from(config, "study", folder))
    names = [kind.name for kind in kinds]
    assert len(set(names)) == len(names) == len(rows)
