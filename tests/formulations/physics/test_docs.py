"""docs/physics.md keeps up with the code: every choice and value, every numbered equation, every command."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from fleets import catalog
from fleets.schema.assumptions import Choices

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "physics.md").read_text()


@pytest.mark.parametrize("field", Choices.model_fields)
def test_every_choice_has_a_line_with_the_value_of_both_sets(field: str) -> None:
    paper, default = (
        getattr(catalog.assumption_set(name).choices, field) for name in ("erdil-2025", "default")
    )
    assert {paper, default} <= set(get_args(Choices.model_fields[field].annotation))
    assert f"| {field} | {paper} | {default} |" in PAGE


def test_docstrings_cite_equations_that_the_page_has() -> None:
    stated = set(re.findall(r"\*\*(P\d+)\*\*", PAGE))
    cited = set()
    for path in (ROOT / "formulations" / "physics").glob("*.py"):
        cited |= set(re.findall(r"\bP\d+\b", path.read_text()))
    assert cited <= stated
    assert stated == {f"P{number}" for number in range(1, len(stated) + 1)}


def test_commands_on_the_page_exist() -> None:
    for script in set(re.findall(r"`python (\S+\.py)", PAGE)):
        assert (ROOT / script).is_file()
    for module in set(re.findall(r"`(\w+\.py)`", PAGE)):
        assert (ROOT / "formulations" / "physics" / module).is_file()
