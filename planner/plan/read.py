"""Read a plan back from the JSON that `fleetplan solve --output json` writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fleets.errors import CatalogError
from fleets.loading import parse_json, read_text, validate
from planner.errors import InputError
from planner.plan.plan import SCHEMA_VERSION
from planner.plan.schema import PlanEntry

HOW = "write one with `fleetplan solve CONFIG --output json > plan.json`"


def read_plan(path: str | Path) -> dict[str, Any]:
    """The plan in a file as plain data (`planner.plan.schema`); raises `InputError` where it is not one."""
    file = str(path)
    try:
        data = parse_json(read_text(Path(path)), file)
        if not isinstance(data, dict) or "schema_version" not in data:
            raise CatalogError([f"{file}: not a plan: schema_version is missing; {HOW}"])
        if data["schema_version"] != SCHEMA_VERSION:
            written = str(data["schema_version"])[:20]
            raise CatalogError(
                [f"{file}: schema_version {written}, this version reads {SCHEMA_VERSION}; {HOW}"]
            )
        return validate(PlanEntry, data, file).model_dump()
    except CatalogError as error:
        raise InputError(error.problems) from None
