"""A failed certificate ends the command with exit code 1 and a file that fails again when it is replayed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from planner import CertificateError, InputError, cli, solve
from planner.config.load import load_study
from planner.plan.dump import replay, write_dump
from planner.plan.extract import plan_from
from planner.problem.answer import Answer
from planner.problem.problem import Problem
from planner.problem.solve import solve as optimum
from planner.questions.minimise import CHEAPEST, Minimise
from tests.planner.explain.cases import study


def _broken(source: Problem) -> Answer:
    """An answer that serves a tenth less than was asked."""
    answer = optimum(source, CHEAPEST)
    assert answer.allocation is not None
    less = tuple(
        replace(d, tokens_per_s={w: 0.9 * t for w, t in d.tokens_per_s.items()})
        for d in answer.allocation.deployments
    )
    return replace(answer, allocation=replace(answer.allocation, deployments=less))


@pytest.fixture
def record() -> dict[str, Any]:
    with pytest.raises(CertificateError, match="demand of chat served") as failure:
        plan_from(_broken(Problem(load_study(study()))))
    return failure.value.record


def test_a_dump_holds_config_plan_checks_and_versions(record: dict[str, Any]) -> None:
    assert set(record) >= {"config", "plan", "checks", "versions", "objective", "assumptions"}
    assert any(not check["passed"] for check in record["checks"])
    assert {"python", "pyomo", "highspy", "numpy"} <= set(record["versions"])
    assert record["plan"]["deployments"][0]["option"].startswith("llama-70b/")


def test_replaying_a_dump_fails_the_same_checks(record: dict[str, Any], tmp_path: Path) -> None:
    path = write_dump(record, tmp_path)
    again = replay(path)
    assert [check.name for check in again.failures] == [
        c["name"] for c in record["checks"] if not c["passed"]
    ]


def test_dumps_do_not_overwrite_each_other(record: dict[str, Any], tmp_path: Path) -> None:
    assert write_dump(record, tmp_path) != write_dump(record, tmp_path)
    assert len(list(tmp_path.glob("fleetplan-dump-small*.json"))) == 2


def test_the_command_ends_with_1_and_says_where_the_dump_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(study()), encoding="utf-8")
    monkeypatch.setattr(Minimise, "answer", lambda question: _broken(question.problem))
    monkeypatch.setattr("sys.argv", ["fleetplan", "solve", str(config)])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        cli.main()
    printed = capsys.readouterr()
    assert end.value.code == 1 and printed.out == ""
    assert "internal error" in printed.err and "demand of chat served" in printed.err
    dumps = list(tmp_path.glob("fleetplan-dump-small.json"))
    assert len(dumps) == 1 and str(dumps[0]) in printed.err


def test_what_is_no_dump_is_bad_input(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match=r"other\.json: plan is missing"):
        replay(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [("plan", []), ("plan", {"deployments": [1]}), ("config", "x"), ("folder", 3), ("format", 1)],
)
def test_a_damaged_dump_is_bad_input(record: dict[str, Any], tmp_path: Path, key: str, value: Any) -> None:
    path = tmp_path / "dump.json"
    path.write_text(json.dumps({**record, key: value}), encoding="utf-8")
    with pytest.raises(InputError, match=key):
        replay(path)


def test_a_good_plan_leaves_no_dump(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert solve(study(), compare=False).certificate.passed
    assert not list(tmp_path.iterdir())
