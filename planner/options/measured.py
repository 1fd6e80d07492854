"""Measured rows become options: one per model, accelerator, size, role and label, with one row of capacity shares.

    Σ_w tokens_per_s[w] / (requests_per_s[w] · output_tokens[w]) ≤ utilisation · Instances      (docs/config.md)

Rows that break the workload's SLA are rejected, and so are rows of models, workloads and accelerators that the config
does not have; the plan says which.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from formulations.options import FloatArray, Option
from planner.config.resolved import ResolvedStudy, ResolvedWorkload
from planner.options.kinds import Rejection
from planner.profiles.read import ProfileRow


@dataclass(frozen=True)
class MeasuredKind:
    """One measured option: its rows by workload; the order is the study's."""

    rows: tuple[ProfileRow, ...]
    tokens_per_s: FloatArray
    """Capacity of one instance, shape (W,)."""

    @property
    def name(self) -> str:
        """Readable and stable: made of the fields that tell options apart."""
        row = self.rows[0]
        role = "" if row.role == "aggregated" and not row.label else row.role
        parts = (row.model, row.accelerator, f"{row.gpus}gpu", "measured", role, row.label)
        return "/".join(part for part in parts if part)

    @property
    def pace(self) -> dict[str, float]:
        """Tokens per second per user that each workload was measured at, where the table says."""
        return {row.workload: 1000.0 / row.tpot_ms for row in self.rows if row.tpot_ms is not None}

    def option(self) -> Option:
        """The option: one roof, no step term, no resource."""
        row = self.rows[0]
        count = len(self.rows)
        return Option(
            id=self.name,
            kind=self.name,
            model=row.model,
            accelerator=row.accelerator,
            gpus=row.gpus,
            role=row.role,
            workloads=tuple(r.workload for r in self.rows),
            tokens_per_step=np.ones(count),
            roofs=("measured",),
            step_s=np.zeros(1),
            sequence_s=1.0 / self.tokens_per_s[None, :],
            resources=(),
            batch_limit=np.empty((0, count)),
            fields=(row.label or "measured", "", "", ""),
        )


def measured_kinds(study: ResolvedStudy) -> tuple[list[MeasuredKind], list[Rejection]]:
    """The measured kinds of a study, and the rows left out with the reason."""
    workloads = {workload.name: workload for workload in study.workloads}
    accelerators = {supply.accelerator_name for supply in study.supplies}
    groups: dict[tuple[object, ...], list[ProfileRow]] = {}
    rejections = []
    for row in study.profiles:
        rejection = _rejected(row, workloads, accelerators)
        if rejection is not None:
            rejections.append(rejection)
        elif row.requests_per_s > 0:
            groups.setdefault(row.instance, []).append(row)
    order = {name: position for position, name in enumerate(workloads)}
    kinds = []
    for rows in groups.values():
        rows.sort(key=lambda row: order[row.workload])
        tokens = [row.requests_per_s * workloads[row.workload].output_tokens for row in rows]
        kinds.append(MeasuredKind(tuple(rows), np.array(tokens)))
    return kinds, rejections


def _rejected(
    row: ProfileRow, workloads: dict[str, ResolvedWorkload], accelerators: Iterable[str]
) -> Rejection | None:
    """Why a row is left out, or None."""
    what = f"{row.where} ({row.workload} on {row.gpus} {row.accelerator})"
    workload = workloads.get(row.workload)
    if workload is None:
        return Rejection(what, row.workload, "not among the workloads", "measured for another workload")
    if row.model != workload.model:
        return Rejection(what, row.model, f"{workload.name} is served by {workload.model}", "another model")
    if row.accelerator not in accelerators:
        return Rejection(what, row.accelerator, "not in the fleet", "accelerator is not in the fleet")
    if (
        row.role != "prefill"
        and row.tpot_ms is not None
        and row.tpot_ms * workload.pace > 1000.0 * (1 + 1e-9)
    ):
        needed = f"{1000.0 / workload.pace:g} ms per token"
        return Rejection(what, needed, f"{row.tpot_ms:g} ms", "too slow for the workload's pace")
    limit = workload.max_ttft_s
    if row.role != "decode" and row.ttft_ms is not None and limit and row.ttft_ms > limit * 1000 * (1 + 1e-9):
        needed = f"{limit * 1000:g} ms to the first token"
        return Rejection(what, needed, f"{row.ttft_ms:g} ms", "first token too late")
    return None
