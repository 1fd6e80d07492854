"""docs/config.md names every key of the config, and its examples are configs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from planner.config.load import load_study
from planner.config.schema.study import Study
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "config.md").read_text(encoding="utf-8")


def keys() -> set[str]:
    schema = Study.model_json_schema()
    used = {"Model", "Workload", "Question", "Layouts", "Spares", "SolverSettings", "Speculation", "Supply"}
    found = set(schema["properties"])
    for name in used & set(schema["$defs"]):
        found |= set(schema["$defs"][name]["properties"])
    return found - {"version"}


def test_every_key_is_explained() -> None:
    missing = sorted(key for key in keys() if not re.search(rf"\b{key}\b", PAGE))
    assert not missing, f"docs/config.md does not mention {missing}"


def test_the_examples_of_the_page_are_one_valid_config() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    config = {key: value for block in blocks for key, value in yaml.safe_load(block).items()}
    # the page shows both ways of one thing side by side; a config has one
    assert load_study(config).workloads[0].safety > 0


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: path.stem)
def test_examples_name_the_schema_for_editors(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert named is not None
    schema = (path.parent / named[1]).resolve()
    kind = "scenarios" if "base" in yaml.safe_load(text) else "config"
    assert schema == ROOT / "docs" / "schema" / f"{kind}.json" and schema.exists()


@pytest.mark.parametrize("kind", ["config", "scenarios", "plan"])
def test_the_schema_files_are_what_the_command_prints(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """After a change: `fleetplan schema > docs/schema/config.json` (and `--scenarios`, `--plan`)."""
    from planner.cli.schema import schema

    schema(scenarios=kind == "scenarios", plan=kind == "plan")
    assert json.loads(capsys.readouterr().out) == json.loads(
        (ROOT / "docs/schema" / f"{kind}.json").read_text()
    )
