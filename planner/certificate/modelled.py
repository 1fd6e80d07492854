"""Modelled: the deployments whose physics the certificate computes itself, not measured ones."""

from __future__ import annotations

from collections.abc import Iterator

from fleets.schema.accelerators import Accelerator
from planner.certificate.described import Described, described
from planner.operation.operated import Operated
from planner.operation.operation import Operation


def modelled(operated: Operated) -> Iterator[tuple[Operation, Described, Accelerator]]:
    """Each with what the plan says of it and its accelerator; those that the config has no words for are left out here
    and failed by `allowed`."""
    for operation in operated.operations:
        deployment = operation.deployment
        found = described(operated.study, deployment)
        accelerator = operated.study.supply(deployment.supply).accelerator
        measured = deployment.option.kind in operated.options.measured
        if found is not None and accelerator is not None and not measured:
            yield operation, found, accelerator
