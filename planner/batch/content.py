"""Content hash of a scenario: everything that its plan depends on, so that a run resumes by what a scenario is.

Names of config and scenario, the solver's threads and where files lie are left out; what the catalogue and referenced
files hold is in, so that a changed price or profile is another scenario.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from functools import lru_cache
from importlib.metadata import version

from planner.config.fingerprint import fingerprint
from planner.config.resolved import ResolvedStudy

HASH_LENGTH = 16


def content_hash(study: ResolvedStudy) -> str:
    """16 hexadecimal digits that change with anything that can change the plan."""
    config = study.config.model_dump(
        mode="json", exclude={"name": True, "fleet": True, "solver": {"threads"}}
    )
    resolved = {
        field.name: fingerprint(getattr(study, field.name))
        for field in dataclasses.fields(study)
        if field.name not in ("config", "file", "folder")
    }
    content = {"planner": _planner(), "config": config, "resolved": resolved}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]


@lru_cache(maxsize=1)
def _planner() -> str:
    return version("fleetplan")
