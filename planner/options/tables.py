"""Tables: the physics of every kind of one model on one accelerator, evaluated once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fleets.schema.accelerators import Accelerator
from planner.config.resolved import ResolvedModel, ResolvedStudy, ResolvedWorkload
from planner.options.kinds import Rejection, in_roles, kind_tables
from planner.options.performance import Performance, performance


@dataclass(frozen=True)
class Tables:
    """One table for each role and way of decoding, and the layouts that do not divide."""

    performances: tuple[Performance, ...]
    refused: tuple[Rejection, ...]

    def asked_by(self, workloads: tuple[ResolvedWorkload, ...]) -> Tables:
        """The same tables for the workloads as a study asks for them (other demand, pace or first token)."""
        if not self.performances or self.performances[0].workloads == workloads:
            return self
        return replace(self, performances=tuple(replace(p, workloads=workloads) for p in self.performances))


def evaluate(
    study: ResolvedStudy,
    model: ResolvedModel,
    accelerator: Accelerator,
    workloads: tuple[ResolvedWorkload, ...],
) -> Tables:
    """Evaluate the physics of every kind that the config allows, for the workloads of the model."""
    config = study.config
    plain, refused = kind_tables(model, accelerator, config.layouts, study.assumptions)
    found = (
        performance(table, workloads, study.assumptions, config.prefill, config.utilisation)
        for table in in_roles(plain, config.serving)
    )
    return Tables(tuple(found), tuple(refused))
