"""solve, check, schema and explain from end to end: exit codes, what stands on stdout, and that JSON is complete."""

from __future__ import annotations

import copy
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from planner import cli
from tests.planner.explain.cases import chat, limits, study

ROOT = Path(__file__).resolve().parents[3]
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`fleetplan COMMAND -` with a config on standard input; exit code, stdout, stderr."""

    def call(command: str, config: dict[str, Any] | None = None, *options: str) -> tuple[int, str, str]:
        arguments = ["fleetplan", command] if config is None else ["fleetplan", command, "-", *options]
        monkeypatch.setattr("sys.argv", arguments)
        monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(config)))
        with pytest.raises(SystemExit) as end:
            cli.main()
        printed = capsys.readouterr()
        return end.value.code or 0, printed.out, printed.err  # type: ignore[return-value]

    return call


def test_solve_prints_json_alone_with_every_part_of_a_plan(run: Command) -> None:
    code, out, _ = run("solve", study(), "--output", "json")
    plan = json.loads(out)
    assert code == 0 and plan["schema_version"] == 1
    assert set(plan) >= {
        "assumptions", "status", "objective", "instances", "service", "supply", "workloads", "certificate",
        "sensitivity", "clashes", "relaxations", "rejected", "timings",
    }  # fmt: skip
    assert plan["status"]["solution"] == "proven" and plan["certificate"]["passed"]
    assert sum(row["usd_per_hour"] for row in plan["supply"]) == pytest.approx(plan["objective"]["value"])
    assert plan["workloads"][0]["tokens_per_s"] == pytest.approx(20000)
    assert {"what", "needed", "available", "reason"} == set(plan["rejected"][0])


def test_solve_prints_tables_and_csv(run: Command) -> None:
    code, out, _ = run("solve", study())
    assert code == 0 and "small: " in out and "Certificate passed" in out
    code, out, _ = run("solve", study(), "--output", "csv")
    assert code == 0 and out.startswith("option,model,accelerator")


def test_solve_with_sensitivity(run: Command) -> None:
    code, out, _ = run("solve", study(), "--sensitivity")
    assert code == 0 and "Marginal prices" in out and "Headroom" in out and "Next steps" in out


def test_screening_changes_no_objective(run: Command) -> None:
    values = [
        json.loads(run("solve", study(), "--output", "json", *option)[1])["objective"]["value"]
        for option in ((), ("--no-screening",))
    ]
    assert values[0] == pytest.approx(values[1], rel=1e-5)


def test_infeasible_ends_with_3_says_what_clashes_and_what_would_help(run: Command) -> None:
    config = study(fleet=limits(8, 8))
    code, out, _ = run("solve", config)
    assert code == 3
    assert "at most 8 h100-sxm (fleet.supply[0].limit)" in out and "more h100-sxm" in out
    code, out, _ = run("solve", config, "--output", "json")
    plan = json.loads(out)
    assert code == 3 and plan["status"] == {"termination": "infeasible", "solution": "none"}
    assert plan["clashes"] and plan["relaxations"] and plan["instances"] == []
    code, out, _ = run("explain", config, "--output", "json")
    assert code == 3 and json.loads(out)["relaxations"] == plan["relaxations"]


def test_a_model_that_fits_nowhere_is_infeasible_and_says_why(run: Command) -> None:
    models = {"llama-70b": {"architecture": "llama-3.1-405b", "weight_precisions": ["bf16"]}}
    code, out, _ = run("solve", study(models=models, layouts={"instance_gpus": [1, 2]}))
    assert code == 3
    words = " ".join(out.split())
    assert "chat does not fit any allowed instance" in words and "GB of usable HBM" in words


def test_check_says_fine_and_does_not_solve(run: Command) -> None:
    begin = time.perf_counter()
    code, out, _ = run("check", study(fleet=limits(8, 8)))
    assert code == 0 and "fine" in out
    assert time.perf_counter() - begin < 5


def test_schema_is_one_json_document_that_names_every_key(run: Command) -> None:
    code, out, _ = run("schema")
    schema = json.loads(out)
    assert code == 0 and {"fleet", "models", "workloads", "question", "solver"} <= set(schema["properties"])


def test_explain_a_plan(run: Command) -> None:
    code, out, _ = run("explain", study())
    assert code == 0 and "What binds" in out and "of chat runs where" in out and "Marginal prices" in out
    code, out, _ = run("explain", study(), "--output", "json")
    explanation = json.loads(out)
    assert code == 0 and set(explanation["sensitivity"]) == {
        "marginal", "headroom", "demand_steps", "tpot_steps", "ttft_steps", "price_steps", "notes"
    }  # fmt: skip


def test_explain_why_not(run: Command) -> None:
    config = study(fleet=limits(None, 64, 5.0))
    code, out, _ = run("explain", config, "--why-not", "a100", "--why-not", "h100-sxm")
    assert code == 0 and "a100-80gb-sxm costs more than it saves at its price" in out
    assert "h100-sxm (supply)" in out and "it is in the plan" in out
    code, out, err = run("explain", config, "--why-not", "h100-smx")
    assert code == 2 and out == "" and "did you mean h100-sxm" in err


def test_all_used_limits_bind(run: Command) -> None:
    config = study(fleet=limits(16, 64))
    code, out, _ = run("explain", config, "--output", "json")
    assert code == 0 and "all 16 h100-sxm are used (fleet.supply[0].limit)" in json.loads(out)["binding"]


@pytest.mark.parametrize("demand", [1.0, 1e9])
def test_small_and_large_demands_are_served(run: Command, demand: float) -> None:
    config = study(fleet=limits(None, None), workloads=[chat(demand_tokens_per_s=demand)])
    code, out, _ = run("solve", config, "--output", "json")
    assert code == 0 and json.loads(out)["certificate"]["passed"]


def test_the_quickstart_is_proven_and_names_its_schema(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    text = (ROOT / "examples" / "quickstart.yaml").read_text(encoding="utf-8")
    code, out, _ = run("solve", copy.deepcopy(yaml.safe_load(text)), "--output", "json")
    plan = json.loads(out)
    assert code == 0 and plan["status"]["solution"] == "proven" and plan["objective"]["gap"] <= 1e-4


def test_a_frontier_has_no_page_and_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from planner import cli
    from tests.conftest import ROOT

    config = str(ROOT / "examples" / "frontier-cost-pace.yaml")
    monkeypatch.setattr("sys.argv", ["fleetplan", "solve", config, "--report", "never.html"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 2
    assert "a frontier has no page" in capsys.readouterr().err
