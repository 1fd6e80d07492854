"""`fleetplan whatif` and `fleetplan compare` as a user runs them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from planner.cli import main
from planner.questions.minimise import Minimise

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def fleetplan(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process: (exit code, standard output, standard error)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["fleetplan", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        return int(stopped.value.code or 0), *capfd.readouterr()

    return run


def test_a_batch_from_the_command_line(fleetplan: Run, scenario_file: Path, tmp_path: Path) -> None:
    arguments = ("whatif", scenario_file, "--out", tmp_path / "out", "--jobs", 1)
    code, out, err = fleetplan(*arguments)
    assert code == 0
    assert "12 scenarios" in err and "12 optimal" in err and "solved in" in err
    assert "h100-sxm" in out and "optimal" in out
    code, out, err = fleetplan(*arguments, "--output", "json")
    assert len(json.loads(out)) == 12 and "12 are in the folder already" in err
    code, out, err = fleetplan(*arguments, "--output", "csv", "--limit", 5)
    assert len(list(csv.DictReader(io.StringIO(out)))) == 5 and "the first of 12" in err


def test_a_dry_run_counts_and_touches_nothing(fleetplan: Run, scenario_file: Path, tmp_path: Path) -> None:
    code, out, _ = fleetplan("whatif", scenario_file, "--out", tmp_path / "out", "--dry-run", "--limit", 7)
    assert (code, "7 of 12 scenarios, 7 distinct" in out) == (0, True)
    assert not (tmp_path / "out").exists()


def test_bad_input_is_exit_code_2(fleetplan: Run, scenario_file: Path, tmp_path: Path) -> None:
    scenario_file.write_text("base: base.yaml\ngrid: {workloads.chta.demand_tokens_per_s: [1]}\n")
    code, out, err = fleetplan("whatif", scenario_file, "--out", tmp_path / "out")
    assert (code, out) == (2, "")
    assert "did you mean chat" in err


def test_a_batch_of_failures_is_a_failure(
    fleetplan: Run, scenario_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(question: object, simplest: bool = True) -> None:
        raise RuntimeError("no solver here")

    monkeypatch.setattr(Minimise, "answer", broken)
    code, out, err = fleetplan("whatif", scenario_file, "--out", tmp_path / "out", "--jobs", 1)
    assert code == 1
    assert "every scenario failed; the first: RuntimeError: no solver here" in err
    assert "error" in out
    monkeypatch.undo()
    arguments = ("whatif", scenario_file, "--out", tmp_path / "out", "--jobs", 1, "--retry")
    monkeypatch.setattr("sys.argv", ["fleetplan", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert not stopped.value.code


def test_runs_compared(fleetplan: Run, scenario_file: Path, tmp_path: Path) -> None:
    fleetplan("whatif", scenario_file, "--out", tmp_path / "a", "--jobs", 1)
    base = tmp_path / "base.yaml"
    base.write_text(base.read_text().replace("limit: 64", "limit: 6"))
    fleetplan("whatif", scenario_file, "--out", tmp_path / "b", "--jobs", 1)
    code, out, _ = fleetplan("compare", tmp_path / "a", tmp_path / "b")
    assert code == 0 and "dearer in B" in out and "change" in out
    code, out, _ = fleetplan("compare", tmp_path / "a", tmp_path / "b", "--output", "csv")
    assert len(list(csv.DictReader(io.StringIO(out)))) == 12
    code, out, _ = fleetplan("compare", tmp_path / "a", tmp_path / "b", "--output", "json")
    assert json.loads(out)["what"] == "runs"
    code, out, _ = fleetplan("compare", tmp_path / "a", tmp_path / "a")
    assert "scenarios: nothing changed" in out


def test_plans_compared(fleetplan: Run, scenario_file: Path, tmp_path: Path) -> None:
    base = tmp_path / "base.yaml"
    for name, demand in (("a", "20000"), ("b", "60000")):
        base.write_text(
            base.read_text().replace("demand_tokens_per_s: 20000", f"demand_tokens_per_s: {demand}")
        )
        (tmp_path / f"{name}.json").write_text(fleetplan("solve", base, "--output", "json")[1])
    code, out, _ = fleetplan("compare", tmp_path / "a.json", tmp_path / "b.json")
    assert code == 0
    for title in ("total", "supply", "instances", "workloads"):
        assert title in out
    assert "+40,000" in out


def test_the_schema_of_the_scenario_file(fleetplan: Run) -> None:
    code, out, _ = fleetplan("schema", "--scenarios")
    schema = json.loads(out)
    assert code == 0
    assert {"base", "scenarios", "grid", "table", "monte_carlo"} <= schema["properties"].keys()
