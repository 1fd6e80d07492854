"""What is computed is decided by the config, not by how fast the machine is."""

from __future__ import annotations

import re
from typing import Any

import pytest

from planner import solve
from planner.clock import Clock
from tests.conftest import ROOT
from tests.planner.explain.cases import chat, study

CONFIG: dict[str, Any] = study(
    solver={"gap": 1e-4, "time_limit_s": 1e7},
    simplicity=0.01,
    alternatives={"count": 2, "within": 0.05},
    workloads=[chat(), chat(name="slow", max_tpot_ms=80, safety=0.1)],
)


def content(plan: Any) -> dict[str, Any]:
    """All of a plan but the seconds it took."""
    return {key: value for key, value in plan.to_dict().items() if key != "timings"}


def test_a_machine_a_thousand_times_slower_gives_the_same_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notes, prices, checks and simpler plans: nothing is left out because it took long, until the time limit."""
    fast = content(solve(CONFIG))
    elapsed = Clock.elapsed.fget
    assert elapsed is not None
    monkeypatch.setattr(Clock, "elapsed", property(lambda clock: 1000 * elapsed(clock)))
    assert content(solve(CONFIG)) == fast


def test_quick_is_the_plan_and_its_certificate_and_says_what_it_left_out() -> None:
    full, quick = solve(study()), solve(study(detail="quick"))
    assert quick.objective.value == pytest.approx(full.objective.value)
    assert quick.certificate.passed and not quick.certificate.cross_checks and not quick.sensitivity
    assert any("detail: quick" in remark for remark in quick.certificate.remarks)
    assert full.certificate.cross_checks and full.sensitivity["marginal"]
    assert not any("quick" in remark for remark in full.certificate.remarks)
    assert solve(study(detail="quick"), sensitivity=True).sensitivity["headroom"]  # asked for is given


def test_only_the_clock_looks_at_the_time_where_plans_are_made() -> None:
    """Batches time their progress; nothing that a plan depends on reads a clock of its own."""
    looking = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "planner").rglob("*.py")
        if re.search(r"perf_counter|time\.time|monotonic", path.read_text(encoding="utf-8"))
        and path.parent.name not in ("batch", "cli")
    }
    assert looking == {"planner/clock.py"}
