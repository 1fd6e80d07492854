"""Warnings fire on what is probably a mistake, and not beside it; names that are read otherwise are said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from planner import cli, solve
from planner.cli.check import check
from planner.config.load import load_study
from planner.config.warnings import config_warnings, headroom_warning, readings
from planner.plan.plan import Plan

Config = dict[str, Any]


def config(supply: Config | None = None, workload: Config | None = None, **top: Any) -> Config:
    return {
        "fleet": {"supply": [{"accelerator": "h100-sxm", "price_usd_per_hour": 2.0, **(supply or {})}]},
        "models": {"m": {"architecture": "llama-3.1-8b", "weight_precisions": ["fp8"]}},
        "workloads": [{"name": "chat", "model": "m", "input_tokens": 500, "output_tokens": 200,
                       "demand_tokens_per_s": 20_000, **(workload or {})}],
        "layouts": {"instance_gpus": [1]}, "detail": "quick", "utilisation": 0.8, **top,
    }  # fmt: skip


def warnings_of(changed: Config) -> tuple[str, ...]:
    return config_warnings(load_study(changed))


def planned(changed: Config) -> Plan:
    return solve(load_study(changed))


def test_a_limit_that_is_no_multiple_of_its_unit() -> None:
    assert warnings_of(config({"limit": 60, "unit": 8})) == (
        "h100-sxm: of 60 accelerators 4 can never be had: they come in units of 8",
    )
    assert warnings_of(config({"limit": 64, "unit": 8})) == ()


@pytest.mark.parametrize(
    ("accelerator", "price", "warned"),
    [("h100-sxm", 17.6, True), ("h100-sxm", 5.0, False), ("t4", 98.0, True), ("t4", 2.0, False)],
)
def test_a_price_that_is_a_nodes(accelerator: str, price: float, warned: bool) -> None:
    found = warnings_of(config({"accelerator": accelerator, "price_usd_per_hour": price}))
    assert bool(found) == warned
    assert all("per node" in warning for warning in found)


def test_prices_of_the_catalogue_and_owned_accelerators_are_not_doubted() -> None:
    assert warnings_of(config({"price_usd_per_hour": None})) == ()
    owned = {"price_usd_per_hour": None, "owned": True, "limit": 8, "running_usd_per_hour": 90.0}
    assert warnings_of(config(owned)) == ()


def test_no_headroom_is_said_before_and_of_the_plan() -> None:
    assert headroom_warning(load_study(config(utilisation=1.0)))
    assert headroom_warning(load_study(config())) == ()
    busy = planned(config(utilisation=1.0, workload={"demand_tokens_per_s": 2e6}))
    assert any("busy all the time" in warning for warning in busy.warnings)
    assert planned(config()).warnings == ()


def test_a_fleet_at_its_limit() -> None:
    used = planned(config()).gpus
    at_limit = planned(config({"limit": used}))
    assert at_limit.warnings == (f"h100-sxm is at its limit: all {used} accelerators are in use",)
    assert planned(config({"limit": used + 1})).warnings == ()
    most = planned(config({"limit": 1}, {"demand_tokens_per_s": 1.0}, question={"maximise": "throughput"}))
    assert not any("at its limit" in warning for warning in most.warnings)


def test_a_demand_below_a_hundredth_of_an_instance() -> None:
    (warning,) = planned(config(workload={"demand_tokens_per_s": 5.0})).warnings
    assert "chat asks for 5 tokens/s" in warning and "right unit" in warning


def test_check_says_so_of_a_demand(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.json"
    for demand, said in ((5.0, True), (20_000.0, False)):
        path.write_text(json.dumps(config(workload={"demand_tokens_per_s": demand})))
        check(str(path))
        assert ("right unit" in capsys.readouterr().out) == said


@pytest.mark.parametrize("demand", [5.0, 20.0, 60.0, 200.0, 600.0, 20_000.0])
@pytest.mark.parametrize("decomposition", [True, False])
def test_check_and_solve_agree_on_small_demands(
    demand: float, decomposition: bool, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where the plan takes a card that serves less than the others on offer."""
    written = config(workload={"demand_tokens_per_s": demand})
    written["fleet"]["supply"] += [{"accelerator": "l4", "price_usd_per_hour": 0.1}]
    written["models"]["other"] = {"architecture": "qwen3-8b"}
    written["workloads"] += [{**written["workloads"][0], "name": "more", "model": "other"}]
    path = tmp_path / "config.json"
    path.write_text(json.dumps(written))
    check(str(path))
    lines = capsys.readouterr().out.splitlines()
    checked = sorted(line.removeprefix("  warning: ") for line in lines if "right unit" in line)
    plan = solve(load_study(written), decomposition=decomposition)
    assert set(plan.instances["supply"]) == {"l4"} or demand > 5_000
    assert sorted(warning for warning in plan.warnings if "right unit" in warning) == checked


@pytest.mark.parametrize(
    ("accelerator", "others"),
    [("H20", ""), ("NVIDIA-L4", ""), ("H200", "h200-nvl"), ("A100-80GB", "a100-80gb-pcie"),
     ("nvidia-tesla-v100", "v100-32gb-sxm")],
)  # fmt: skip
def test_other_forms_are_of_the_same_accelerator(accelerator: str, others: str) -> None:
    (said,) = readings(load_study(config({"accelerator": accelerator})))
    assert said.partition("others: ")[2].removesuffix(")") == others


def test_a_folder_that_is_called_as_an_entry_is_said(tmp_path: Any) -> None:
    folder = tmp_path / "llama-3.1-8b"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({
        "model_type": "llama", "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16,
        "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256,
    }))  # fmt: skip
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config()))
    assert readings(load_study(path)) == (
        "llama-3.1-8b: its config.json is read, not the catalogue's entry of that name",
    )


@pytest.mark.parametrize(
    ("accelerator", "architecture", "said"),
    [
        ("H100", "llama-3.1-8b", ("H100 is read as h100-sxm (others: h100-nvl, h100-pcie)",)),
        ("NVIDIA-L40S", "llama-3.1-8b", ("NVIDIA-L40S is read as l40s",)),
        ("h100_sxm", "LLAMA-3.1-8B", ()),
        ("l40s", "meta-llama/Llama-3.1-8B-Instruct", ("meta-llama/Llama-3.1-8B-Instruct is read as llama-3.1-8b",)),
    ],
)  # fmt: skip
def test_names_that_are_read_otherwise_are_said(
    accelerator: str, architecture: str, said: tuple[str, ...]
) -> None:
    written = config({"accelerator": accelerator})
    written["models"]["m"]["architecture"] = architecture
    assert readings(load_study(written)) == said
    assert planned(written).read_as == said


def test_check_solve_and_json_say_so(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config({"accelerator": "H100", "limit": 60, "unit": 8})))
    answers = []
    for command in (["check", str(path)], ["solve", str(path)], ["solve", str(path), "-o", "json"]):
        monkeypatch.setattr("sys.argv", ["fleetplan", *command])
        with pytest.raises(SystemExit):
            cli.main()
        answers.append(capsys.readouterr().out)
    for answer in answers[:2]:
        assert "H100 is read as h100-sxm" in answer and "4 can never be had" in answer
    plan = json.loads(answers[2])
    assert plan["read_as"] and "4 can never be had" in plan["warnings"][0]
