"""Unstarted: layouts that a config allows and its serving engine does not start, without any step time."""

from __future__ import annotations

from planner.config.resolved import ResolvedStudy
from planner.options.kinds import UNSTARTED, Rejection, kind_tables


def unstarted(study: ResolvedStudy) -> list[Rejection]:
    """Layouts of every model on every accelerator that break a rule of the engine, each with the rule."""
    if not study.config.physics:
        return []
    accelerators = {s.accelerator.name: s.accelerator for s in study.supplies if s.accelerator}
    return [
        rejection
        for model in study.models
        for accelerator in accelerators.values()
        for rejection in kind_tables(model, accelerator, study.config.layouts, study.assumptions)[1]
        if rejection.reason == UNSTARTED
    ]
