"""The YAML examples of docs/catalog.md load under the schemas that they are examples of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from fleets.loading import parse_yaml, validate
from fleets.schema.accelerators import Accelerator
from fleets.schema.architectures import Architecture
from fleets.schema.prices import PriceTable

PAGE = Path(__file__).resolve().parents[2] / "docs" / "catalog.md"
SCHEMAS: tuple[type[BaseModel], ...] = (Accelerator, Architecture, Architecture, PriceTable)


def test_every_example_has_its_schema() -> None:
    assert len(re.findall(r"```yaml\n", PAGE.read_text())) == len(SCHEMAS)


@pytest.mark.parametrize("number", range(len(SCHEMAS)))
def test_examples_load(number: int) -> None:
    text = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)[number]
    assert validate(SCHEMAS[number], parse_yaml(text, "example"), "example")
