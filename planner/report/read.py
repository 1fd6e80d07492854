"""Read a plan back from the JSON that `fleetplan solve --output json` writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from planner.errors import InputError
from planner.plan.plan import SCHEMA_VERSION

NEEDED = (
    "name",
    "assumptions",
    "status",
    "objective",
    "instances",
    "service",
    "supply",
    "workloads",
    "certificate",
)
ABSENT: dict[str, Any] = {
    "accuracy": [], "sensitivity": {}, "clashes": [], "relaxations": [], "alternatives": [], "rejected": [], "notes": [],
    "timings": {},
}  # fmt: skip


def read_plan(path: str | Path) -> dict[str, Any]:
    """The plan in a file; raises `InputError` where it is not one."""
    how = "write one with `fleetplan solve CONFIG --output json > plan.json`"
    try:
        plan = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError([f"{path}: cannot be read: {error.strerror or error}; {how}"]) from None
    except ValueError as error:
        raise InputError([f"{path}: not JSON: {error}; {how}"]) from None
    missing = [key for key in NEEDED if not isinstance(plan, dict) or key not in plan]
    if missing:
        raise InputError([f"{path}: not a plan: {', '.join(missing)} missing; {how}"])
    if plan.get("schema_version") != SCHEMA_VERSION:
        raise InputError(
            [
                f"{path}: schema_version {plan.get('schema_version')!r}, this version reads {SCHEMA_VERSION}; {how}"
            ]
        )
    return {**ABSENT, **plan}
