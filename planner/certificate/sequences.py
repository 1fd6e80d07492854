"""Sequences: the running requests of an instance within what its engine is set to run, from the config alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from formulations.physics.engine import most_sequences
from planner.certificate.modelled import modelled
from planner.checks import Check, at_most
from planner.config.resolved import ResolvedStudy
from planner.operation.operated import Operated, where
from planner.operation.whole_batches import whole_batches

SLOTS = "share of max_num_seqs"


def sequences(operated: Operated) -> Iterator[Check]:
    """Shares of max_num_seqs that mean and whole batches take; nothing where neither config nor engine limits them."""
    study = operated.study
    for operation, found, accelerator in modelled(operated):
        if operation.step is None:
            continue
        most = most_sequences(study.assumptions, accelerator, found.model.settings)
        name = f"sequences of {where(operation.deployment)}"
        if most is None and all(study.workload(w).max_num_seqs is None for w in operation.batch):
            continue
        yield at_most(f"{name} at the mean batch", _taken(study, operation.batch, most), 1.0, SLOTS)
        for workload, batch, words in whole_batches(operation):
            yield at_most(f"{name} for {workload} {words}", _taken(study, batch, most), 1.0, SLOTS)


def _taken(study: ResolvedStudy, batch: Mapping[str, float], most: int | None) -> float:
    """Σ of each workload's sequences over how many of it may run."""
    total = 0.0
    for workload, running in batch.items():
        limits = [limit for limit in (most, study.workload(workload).max_num_seqs) if limit is not None]
        total += running / min(limits) if limits else 0.0
    return total
