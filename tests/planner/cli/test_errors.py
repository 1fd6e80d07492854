"""Bad input on the command line: every problem at once with file, key, value, unit and fix; exit code 2, no traceback."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from planner import cli
from tests.planner.explain.cases import study


class Run:
    """What a command left behind."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run `fleetplan ARGUMENTS` in this process."""

    def call(*arguments: str, stdin: str | None = None) -> Run:
        monkeypatch.setattr("sys.argv", ["fleetplan", *arguments])
        if stdin is not None:
            monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as end:
            cli.main()
        printed = capsys.readouterr()
        code = end.value.code
        return Run(code if isinstance(code, int) else 0, printed.out, printed.err)

    return call


def _refused(found: Run, *parts: str) -> None:
    assert found.code == 2, found.err
    assert found.out == "" and "Traceback" not in found.err
    for part in parts:
        assert part in found.err, (part, found.err)


def _written(folder: Path, config: dict[str, Any], name: str = "config.json") -> str:
    path = folder / name
    path.write_text(json.dumps(config), encoding="utf-8")
    return str(path)


def test_a_missing_file_names_its_neighbours(run: Any, tmp_path: Path) -> None:
    (tmp_path / "chats.yaml").write_text("a: 1", encoding="utf-8")
    _refused(run("solve", str(tmp_path / "chat.yaml")), "chat.yaml: no such file; did you mean chats.yaml?")
    _refused(
        run("solve", str(tmp_path / "nothing.yaml")), "give the path of a config, or - for standard input"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "is empty; start from an example"),
        ("  \n# only a comment\n", "expected keys and values"),
        ("a: [1\n", ":2:1: not valid YAML"),
        ("\tname: x", ":1:1: not valid YAML"),
        ("just words", "expected keys and values (version, name, fleet"),
        ("- 1\n- 2", "expected keys and values"),
        ("name: a\nname: b", "key 'name' stands twice (lines 1 and 2); keep one"),
        ("!!python/object/apply:os.system ['true']", ":1:1: the tag"),
    ],
)
def test_what_is_no_config(run: Any, tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    for command in ("check", "solve", "explain"):
        _refused(run(command, str(path)), str(path), expected)


def test_bytes_and_folders_are_refused(run: Any, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes(b"\xff\xfe\x00")
    _refused(run("check", str(tmp_path / "config.yaml")), "cannot be read")
    _refused(run("check", str(tmp_path)), "cannot be read")


def _with(key: str, value: Any) -> dict[str, Any]:
    """The small study with one entry replaced; `workloads.0.x` walks into it."""
    whole = study()
    inner: Any = whole
    *path, last = key.split(".")
    for part in path:
        inner = inner[int(part)] if part.isdigit() else inner[part]
    inner[last] = value
    return whole


WRONG = {
    "an unknown key": (
        "workloads.0.max_tpot", 40,
        "workloads[0].max_tpot = 40 is not a known key; did you mean max_tpot_ms",
    ),
    "an unknown key at the top": (
        "fleeet", 3,
        "fleeet = 3 is not a known key; did you mean fleet?",
    ),
    "a demand of 0": (
        "workloads.0.demand_tokens_per_s", 0,
        "demand_tokens_per_s = 0 [tokens/s]: input should be greater than 0; write a number above 0",
    ),
    "a negative price": (
        "fleet.supply.0.price_usd_per_hour", -2,
        "fleet.supply[0].price_usd_per_hour = -2 [$/h]: input should be greater than or equal to 0; "
        "write 0 or more",
    ),
    "a price that is no number": (
        "fleet.supply.0.price_usd_per_hour", float("nan"),
        "price_usd_per_hour = 'NaN' [$/h]: input should be a valid number",
    ),
    "an infinite length": (
        "workloads.0.input_tokens", float("inf"),
        "input_tokens = 'Infinity' [tokens]: input should be a valid number",
    ),
    "a huge demand": (
        "workloads.0.demand_tokens_per_s", 1e+30,
        "[tokens/s]: input should be less than or equal to 1000000000000",
    ),
    "a huge price": (
        "fleet.supply.0.price_usd_per_hour", 1000000000.0,
        "[$/h]: input should be less than or equal to 100000; write 100,000 or less",
    ),
    "a unit of 0": (
        "fleet.supply.0.unit", 0,
        "fleet.supply[0].unit = 0: input should be greater than or equal to 1",
    ),
    "half an accelerator": (
        "fleet.supply.0.limit", 1.5,
        "fleet.supply[0].limit = 1.5: input should be a valid integer; write a whole number",
    ),
    "an unknown accelerator": (
        "fleet.supply.0.accelerator", "h100-smx",
        "fleet.supply[0].accelerator: unknown accelerator 'h100-smx'; did you mean h100-sxm",
    ),
    "an unknown architecture": (
        "models.llama-70b.architecture", "llama-3.1-70c",
        "models.llama-70b.architecture: unknown architecture 'llama-3.1-70c'; did you mean llama-3.1-70b",
    ),
    "an unknown assumption set": (
        "assumptions", "defalt",
        "assumptions: unknown assumption set 'defalt'; did you mean default",
    ),
    "an unknown precision": (
        "models.llama-70b.weight_precisions", ["fp9"],
        "models.llama-70b.weight_precisions[0] = 'fp9': input should be 'bf16', 'fp8'",
    ),
    "a workload without a model": (
        "workloads.0.model", "gpt",
        "workloads[0].model: 'gpt' is not under models: llama-70b",
    ),
    "no workloads": (
        "workloads", [],
        "workloads = []: tuple should have at least 1 item",
    ),
    "no supply": (
        "fleet.supply", [],
        "fleet.supply = []: tuple should have at least 1 item",
    ),
    "no fleet": (
        "fleet", "no-such-fleet",
        "fleet: unknown fleet 'no-such-fleet'",
    ),
    "a future version": (
        "version", 2,
        "version = 2: input should be 1",
    ),
    "words for a number": (
        "workloads.0.input_tokens", "many",
        "workloads[0].input_tokens = 'many' [tokens]: input should be a valid number",
    ),
    "a gap of more than all": (
        "solver.gap", 2,
        "solver.gap = 2: input should be less than 1; write a number below 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_one_wrong_value(run: Any, tmp_path: Path, name: str) -> None:
    key, value, expected = WRONG[name]
    config = _with(key, value)
    _refused(run("solve", _written(tmp_path, config)), "config.json:1:", expected)


def test_two_demands_and_no_demand(run: Any, tmp_path: Path) -> None:
    both = _with("workloads.0.demand_requests_per_s", 5)
    _refused(
        run("check", _written(tmp_path, both)), "give demand_tokens_per_s or demand_requests_per_s, not both"
    )
    none = study()
    del none["workloads"][0]["demand_tokens_per_s"]
    _refused(
        run("check", _written(tmp_path, none)),
        "workloads[0].demand_tokens_per_s: is missing [generated tokens/s",
    )


def test_duplicate_names(run: Any, tmp_path: Path) -> None:
    config = study()
    config["workloads"] = [config["workloads"][0], config["workloads"][0]]
    _refused(run("check", _written(tmp_path, config)), "workloads: name 'chat' stands twice")
    config = study()
    config["fleet"]["supply"] = [config["fleet"]["supply"][0]] * 2
    _refused(
        run("check", _written(tmp_path, config)),
        "h100-sxm stand twice among the supplies; give each a name or site",
    )


def test_every_problem_at_once_whether_of_schema_or_of_names(run: Any) -> None:
    text = """
version: 1
fleeet: 3
fleet: {supply: [{accelerator: h100-smx, price_usd_per_hour: -2}, {accelerator: l40s, limit: 1.5}]}
models: {m: {architecture: llama-3.1-70c, speculation: [{draft: llama-3.1-8c, acceptance: 0.8}]}}
workloads:
  - {name: chat, output_tokens: 0, demand_tokens_per_s: 1}
  - {name: chat, model: nope, output_tokens: 10, demand_tokens_per_s: 0}
assumptions: defalt
"""
    found = run("solve", "-", "--output", "json", stdin=text)
    _refused(
        found, ": fleeet", "supply[0].price_usd_per_hour", "supply[1].limit", "workloads[0].output_tokens",
        "workloads[1].demand_tokens_per_s", "unknown accelerator 'h100-smx'", "unknown architecture 'llama-3.1-70c'",
        "models.m.speculation[0].draft: unknown architecture 'llama-3.1-8c'", "name 'chat' stands twice",
        "'nope' is not under models", "unknown assumption set 'defalt'",
    )  # fmt: skip
    assert found.err.startswith("11 problems:\n  - ") and found.err.count("\n  - ") == 11


def test_names_are_looked_up_together(run: Any) -> None:
    text = """
fleet: {supply: [{accelerator: h100-smx}, {accelerator: h200-sxm}]}
models: {m: {architecture: llama-3.1-70b}, n: {architecture: llama-3.1-8b}}
workloads:
  - {name: a, input_tokens: 5, output_tokens: 10, demand_tokens_per_s: 1}
  - {name: b, model: n, demand_tokens_per_s: 1}
question: {maximise: throughput, workload: c}
"""
    _refused(
        run("check", "-", stdin=text), "4 problems", "did you mean h100-sxm", "workloads[0].model: is missing",
        "workloads[1].output_tokens: is missing [tokens per request]", "question.workload: 'c' is not among",
    )  # fmt: skip


def test_no_traceback_and_json_alone_in_a_real_process(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from planner.cli import main; main()", "solve", "-", "--output", "json"]
    good = subprocess.run(
        command, input=json.dumps(study()), capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert good.returncode == 0, good.stderr
    assert json.loads(good.stdout)["status"]["solution"] == "proven"
    bad = subprocess.run(command, input="fleet: 3", capture_output=True, text=True, check=False, cwd=tmp_path)
    assert bad.returncode == 2 and bad.stdout == "" and "Traceback" not in bad.stderr


def test_help_and_wrong_options(run: Any) -> None:
    shown = run("--help")
    assert shown.code == 0 and "explain" in shown.out and "solve" in shown.out
    wrong = run("solve", "x.yaml", "--output", "xml")
    assert wrong.code == 2 and wrong.out == ""
