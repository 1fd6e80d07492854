"""The same question with other solver settings: how questions made of many solves share their time."""

from __future__ import annotations

from dataclasses import replace

from planner.options.build import OptionSource


def with_solver(
    source: OptionSource, *, time_limit_s: float | None = None, gap: float | None = None
) -> OptionSource:
    """The source with another time limit or gap."""
    study = source.study
    settings = study.config.solver
    changed = settings.model_copy(
        update={
            "time_limit_s": settings.time_limit_s if time_limit_s is None else max(0.05, time_limit_s),
            "gap": settings.gap if gap is None else gap,
        }
    )
    config = study.config.model_copy(update={"solver": changed})
    return replace(source, study=replace(study, config=config))
