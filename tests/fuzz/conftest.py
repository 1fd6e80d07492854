"""A plan and a run as the commands write them, and every format with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from planner import solve
from planner.batch.runner import run_batch
from planner.batch.scenarios import read_batch
from planner.batch.solve_one import Settings
from planner.batch.workers import Workers
from planner.config.load import load_study
from tests.fuzz.formats import EXAMPLES, MEASURED, PROFILE, RUN, Format, formats

TWO = """
version: 1
name: two
base: config.yaml
grid: {"workloads.chat.demand_requests_per_s": [50, 70]}
"""


@pytest.fixture(scope="session")
def known_formats(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Format]:
    """Formats by name."""
    plan = solve(load_study(EXAMPLES / "measured-capacity.yaml"), sensitivity=True).to_dict()
    plan["timings"] = dict.fromkeys(plan["timings"], 0.125)  # the same mutations in every run
    folder = tmp_path_factory.mktemp("run")
    for name, content in (("config.yaml", MEASURED), ("profile.csv", PROFILE), ("two.yaml", TWO)):
        (folder / name).write_text(content, encoding="utf-8")
    run_batch(read_batch(folder / "two.yaml"), folder / "run", Workers(1, Settings(1, False), "local", None))
    names = {*RUN, "instances.parquet.sha256"}
    run = {name: Path(folder / "run" / name).read_bytes() for name in names}
    return {found.name: found for found in formats(json.dumps(plan), run)}
