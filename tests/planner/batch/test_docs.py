"""What docs/whatif.md shows is what the code reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from planner.batch.runner import check_batch
from planner.batch.scenarios import read_batch

DOCS = Path(__file__).resolve().parents[3] / "docs"
TEXT = (DOCS / "whatif.md").read_text()


def test_the_scenario_file_of_the_page_is_checked_and_counted(tmp_path: Path) -> None:
    found = re.search(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = yaml.safe_load(found[1])
    data["table"] = str(DOCS / data["table"])
    data["base"] = str(DOCS / data["base"])
    batch = read_batch(data)
    assert batch.total == 1 + 1 + 3 * 5 * 2 + 4 + 200
    assert len(check_batch(batch)) == batch.total


def test_the_python_of_the_page_runs(monkeypatch: Any) -> None:
    found = re.search(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert found is not None
    monkeypatch.chdir(DOCS.parent)
    space: dict[str, Any] = {}
    exec(found[1].replace("whatif(", "whatif(jobs=1, study=", 1).replace(", {", ", scenarios={", 1), space)
    table: pd.DataFrame = space["table"]
    assert table["usd_per_hour"].notna().sum() == 3


def test_every_option_of_the_page_exists() -> None:
    from planner.cli.whatif import whatif

    known = " ".join(whatif.__annotations__).replace("_", "-")
    for option in set(re.findall(r"--([a-z-]+)", TEXT)) - {"output", "scenarios"}:
        assert option in known, option
