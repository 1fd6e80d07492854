"""Described: a deployment read from what a plan says of it (layout, precisions, speculation), not from tables."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleets.schema.architectures import Architecture
from formulations.physics.layout import Layout
from planner.allocation import Deployment
from planner.config.resolved import ResolvedModel, ResolvedSpeculation, ResolvedStudy
from planner.options.speculation import draft_architecture

_LABEL = re.compile(
    r"(?P<way>tp|2d)(?P<ranks>\d+)(-pp(?P<stages>\d+))?(?P<experts>-ep)?(-adp(?P<groups>\d+))?"
)


@dataclass(frozen=True)
class Described:
    """What an operator would start."""

    model: ResolvedModel
    two_d: bool
    stages: int
    experts: bool
    groups: int
    gpus: int
    """Tensor ranks × stages."""
    weights: str
    kv: str
    way: ResolvedSpeculation | None
    drafted: int
    """γ; 0 for plain decoding."""

    @property
    def layout(self) -> Layout:
        """As the physics takes it."""
        return Layout.of([self.gpus], [self.two_d], [self.stages], [self.experts], [self.groups], whole=True)

    @property
    def architectures(self) -> tuple[Architecture, ...]:
        """The model, and its draft where there is one."""
        target = self.model.architecture
        draft = draft_architecture(self.way, target)
        return (target,) if draft is None else (target, draft)


def described(study: ResolvedStudy, deployment: Deployment) -> Described | None:
    """A deployment by its words; None where they name nothing that the config has."""
    label, weights, kv, speculation = deployment.option.fields
    found = _LABEL.fullmatch(label)
    model = next((m for m in study.models if m.name == deployment.option.model), None)
    if found is None or model is None:
        return None
    way, drafted = None, 0
    if speculation:
        name, _, count = speculation.rpartition("-g")
        way = next((w for w in model.speculation if w.name == name), None)
        if way is None or not count.isdigit():
            return None
        drafted = int(count)
    stages = int(found["stages"] or 1)
    return Described(
        model,
        found["way"] == "2d",
        stages,
        bool(found["experts"]),
        int(found["groups"] or 1),
        int(found["ranks"]) * stages,
        weights,
        kv,
        way,
        drafted,
    )
