"""Dumps: what reproduces a failed certificate, as plain data: config, plan, checks, versions; and their replay.

from planner.plan.dump import replay
replay("fleetplan-dump-chat.json").failures
"""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from fleets.errors import CatalogError
from fleets.loading import parse_json, read_text, validate
from planner.allocation import STEADY, Allocation, Deployment
from planner.certificate.certificate import Certificate, certify
from planner.checks import Check
from planner.config.load import study_from
from planner.config.resolved import ResolvedStudy
from planner.errors import InputError
from planner.options.option_set import OptionSet
from planner.problem.jointly import MOST_REFINEMENTS
from planner.problem.problem import Problem


class _Deployed(BaseModel):
    """A deployment of a dump; its numbers may be wrong, that is what a dump is for."""

    option: str
    supply: str
    instances: int
    spares: int
    tokens_per_s: dict[str, float]
    period: str = STEADY


class _Planned(BaseModel):
    """The plan of a dump: units by period and supply."""

    deployments: list[_Deployed]
    units: dict[str, dict[str, int]]
    throughput: float


class _Dump(BaseModel):
    """What a replay needs of a dump."""

    format: Literal[2]
    folder: str
    config: dict[str, Any]
    plan: _Planned


PACKAGES = ("fleetplan", "pyomo", "highspy", "numpy", "pandas", "pydantic", "scipy")
FORMAT = 2


def dump(
    study: ResolvedStudy, allocation: Allocation, checks: Iterable[Check], objective: dict[str, Any]
) -> dict[str, Any]:
    """All that a failed certificate rests on, ready for JSON."""
    return {
        "format": FORMAT,
        "file": study.file,
        "folder": str(study.folder),
        "config": study.config.model_dump(mode="json"),
        "assumptions": {"name": study.assumptions.name, "version": study.assumptions.version},
        "objective": objective,
        "plan": {
            "deployments": [
                {
                    "option": d.option.id,
                    "supply": d.supply,
                    "instances": d.instances,
                    "spares": d.spares,
                    "tokens_per_s": d.tokens_per_s,
                    "period": d.period,
                }
                for d in allocation.deployments
            ],
            "units": dict(allocation.units_by_period),
            "throughput": allocation.throughput,
        },
        "checks": [vars(check) for check in checks],
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
    }


def write_dump(record: dict[str, Any], folder: Path | None = None) -> Path:
    """Write a dump as `fleetplan-dump-NAME.json` (numbered where it exists) into a folder; default: the current one."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", str(record["config"]["name"])) or "study"
    place = folder or Path.cwd()
    path, number = place / f"fleetplan-dump-{name}.json", 1
    while path.exists():
        number += 1
        path = place / f"fleetplan-dump-{name}-{number}.json"
    path.write_text(json.dumps(record, indent=2, ensure_ascii=False), encoding="utf-8")
    return path


def replay(path: str | Path) -> Certificate:
    """Certify a dumped plan again, from its config and its own numbers; raises `InputError` where it cannot be read."""
    try:
        record = validate(_Dump, parse_json(read_text(Path(path)), str(path)), str(path))
    except CatalogError as error:
        raise InputError(error.problems) from None
    study = study_from(record.config, str(path), Path(record.folder))
    wanted = {entry.option for entry in record.plan.deployments}
    options = _holding(study, wanted, str(path))
    known = {option.id: option for option in options.options}
    deployments = tuple(
        Deployment(
            known[entry.option], entry.supply, entry.instances, entry.spares, entry.tokens_per_s, entry.period
        )
        for entry in record.plan.deployments
    )
    return certify(study, Allocation(deployments, record.plan.units, record.plan.throughput), options)


def _holding(study: ResolvedStudy, wanted: set[str], file: str) -> OptionSet:
    """The coarsest options that contain all that the plan uses; unscreened ones where it was made so."""
    for screening in (True, False):
        problem = Problem(study, screening=screening)
        for refinement in range(MOST_REFINEMENTS + 1):
            options = problem.options(refinement=refinement)
            if wanted <= {option.id for option in options.options}:
                return options
    raise InputError([f"{file}: its options are not those of this version; see versions in the file"])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
