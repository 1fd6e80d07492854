"""Every shipped planning config answers, proven and certified; kinds of examples with tests of their own are listed."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from planner import solve
from tests.conftest import ROOT

EXAMPLES = ROOT / "examples"
ELSEWHERE = {"base", "frontier"}
"""Top-level keys of what-if files, and the question whose answer is no single plan: tested with their commands."""


def plans() -> list[Path]:
    found = []
    for path in sorted(EXAMPLES.glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not ELSEWHERE & {*content, *content.get("question", {})}:
            found.append(path)
    return found


@pytest.mark.parametrize("path", plans(), ids=lambda path: path.stem)
def test_a_shipped_config_has_a_proven_plan(path: Path) -> None:
    plan = solve(path, compare=False)
    assert plan.status.solution == "proven"
    assert plan.certificate.passed and plan.certificate.checks
    assert plan.objective.gap is not None and plan.objective.gap <= 1e-4 + 1e-9


def test_the_quickstart_stands_alone_in_the_readme() -> None:
    assert "fleetplan solve examples/quickstart.yaml" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_instances_of_their_own_save_a_third_where_first_tokens_are_due() -> None:
    config = yaml.safe_load((EXAMPLES / "first-token.yaml").read_text(encoding="utf-8"))
    free = solve(config, compare=False)
    together = solve({**config, "serving": ["aggregated"]}, compare=False)
    assert {"prefill", "decode"} <= set(free.instances["role"])
    # 42.72 $/h in three nodes of 8 against 30.64 $/h in two (2026-11-24, serving-2026 1.0)
    assert free.usd_per_hour < 0.75 * together.usd_per_hour
