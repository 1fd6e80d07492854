"""docs/config.md names every key of the config, and its examples are configs."""

from __future__ import annotations

import re

import pytest
import yaml

from planner.config.load import load_study
from planner.config.schema import Study
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


@pytest.mark.parametrize("name", sorted(p.name for p in (ROOT / "examples").glob("*.yaml")))
def test_examples_name_the_schema_for_editors_or_are_plain_configs(name: str) -> None:
    text = (ROOT / "examples" / name).read_text(encoding="utf-8")
    assert yaml.safe_load(text)["version"] == 1
