"""The README shows a real plan: what it prints is what the quickstart answers today."""

from __future__ import annotations

import re

from planner import solve
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_plan_in_the_readme_is_what_the_command_beside_it_prints() -> None:
    plan = solve(ROOT / "examples" / "quickstart.yaml", compare=False)
    assert plan.status.solution == "proven" and plan.certificate.passed
    shown = re.search(r"<!-- plan:begin -->\n```\n(.*?)```\n<!-- plan:end -->", README, flags=re.DOTALL)
    assert shown is not None
    assert plan.summary() in shown[1]
    for row in plan.supply[plan.supply["gpus"] > 0].itertuples():
        assert re.search(rf"{row.supply}\s+{row.gpus}\b", shown[1])


def test_every_command_of_the_readme_exists() -> None:
    from planner.cli import app

    known = {(c.name or c.callback.__name__).replace("_", "-") for c in app.registered_commands if c.callback}
    known |= {group.name for group in app.registered_groups}
    named = set(re.findall(r"`fleetplan ([a-z-]+)", README))
    assert named <= known, f"{named - known} are not commands"
    assert {"solve", "check", "schema", "explain", "frontier", "whatif", "step-time", "catalog"} <= named
