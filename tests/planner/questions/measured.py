"""Small studies of measured capacity, whose plans are worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from planner.config.load import study_from
from planner.problem.answer import Answer
from planner.problem.problem import Problem

Row = tuple[str, int, str, float]
"""accelerator, gpus, workload, requests/s (a fifth field: TPOT in ms; a sixth: label)."""


def source(
    folder: Path, supply: list[dict[str, Any]], workloads: dict[str, float | None], rows: list[Any], **settings: Any
) -> Problem:  # fmt: skip
    """`workloads` are requests/s (None: not given) of one model; flows are requests because no lengths are given."""
    lines = ["model,accelerator,gpus,workload,requests_per_s,tpot_ms,label"]
    for accelerator, gpus, workload, rate, *more in rows:
        tpot, label = (*more, "", "")[:2]
        lines.append(f"m,{accelerator},{gpus},{workload},{rate},{tpot},{label}")
    (folder / "rows.csv").write_text("\n".join(lines), encoding="utf-8")
    config: dict[str, Any] = {
        "fleet": {"supply": supply},
        "workloads": [
            {"name": name, "model": "m", **({} if rate is None else {"demand_requests_per_s": rate})}
            for name, rate in workloads.items()
        ],
        "physics": False,
        "profiles": ["rows.csv"],
    }
    return Problem(study_from(config | settings, "config.yaml", folder))


def bought(answer: Answer) -> dict[str, int]:
    """Accelerators of each supply in use."""
    assert answer.allocation is not None
    units = answer.allocation.units
    return {s.name: units[s.name] * s.unit for s in answer.study.supplies if units[s.name]}


def instances(answer: Answer) -> dict[str, int]:
    """Instances of each option."""
    assert answer.allocation is not None
    return {d.option.id: d.instances for d in answer.allocation.deployments}
