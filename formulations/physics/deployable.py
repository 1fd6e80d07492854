"""Deployable layouts: whole-numbered splits that serving engines run, with the reason for each one refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import isqrt

from fleets.schema.accelerators import Accelerator
from fleets.schema.architectures import Architecture
from formulations.physics.blocks import dense_blocks, mixtures, token_mixers
from formulations.physics.layout import Layout, whole_expert_groups

Candidate = tuple[int, bool, int, bool, int]
"""Accelerators, 2D, pipeline stages, expert parallel, attention groups."""


@dataclass(frozen=True)
class LayoutLimits:
    """What may be enumerated. Degrees that a candidate cannot have are refused, never rounded."""

    instance_accelerators: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)
    two_d: tuple[bool, ...] = (False,)
    pipeline: tuple[int, ...] = (1,)
    expert_parallel: tuple[bool, ...] = (False, True)
    attention_groups: tuple[int, ...] = (1,)
    """Data-parallel attention (only with the choice `attention_scaledown: data_parallel`)."""


@dataclass(frozen=True)
class LayoutRejection:
    """Why one candidate cannot be deployed: what was needed and what was there."""

    accelerators: int
    layout: str
    needed: str
    available: str

    def __str__(self) -> str:
        return f"{self.layout} on {self.accelerators} accelerators: needs {self.needed}, has {self.available}"


def deployable_layouts(
    architecture: Architecture, accelerator: Accelerator, limits: LayoutLimits | None = None
) -> tuple[Layout, tuple[LayoutRejection, ...]]:
    """Layouts of shape (K,) that can run, smallest first, and the structured rejections of the others.

    Rules: every pipeline stage has a layer; the ranks of an attention group divide the heads of every token mixer, and
    the KV heads divide among them or are copied; the ranks that share a feed-forward block divide its width: all of a
    stage, or with experts spread those of an attention group; spread experts need not divide, since copies fill up the
    ranks; 2D ranks are a square; an instance lies in one scale-up domain or fills whole ones, or its pipeline stages
    do, and it needs the links that it would use.
    """
    limits = limits or LayoutLimits()
    kept: list[Candidate] = []
    rejected: list[LayoutRejection] = []
    for candidate in _candidates(architecture, limits):
        problem = _problem(architecture, accelerator, candidate)
        if problem is None:
            kept.append(candidate)
        else:
            label = Layout.of(*([value] for value in candidate)).labels()[0]
            rejected.append(LayoutRejection(candidate[0], label, *problem))
    columns = list(zip(*kept, strict=True)) or [()] * 5
    return Layout.of(*columns, whole=True), tuple(rejected)


def _candidates(architecture: Architecture, limits: LayoutLimits) -> Iterator[Candidate]:
    """Every combination that differs from another: experts need a mixture, 2D several ranks, groups as many ranks."""
    expert_parallel = limits.expert_parallel if architecture.is_mixture else (False,)
    for accelerators, stages in product(
        sorted(set(limits.instance_accelerators)), sorted(set(limits.pipeline))
    ):
        alone = accelerators == stages
        for two_d, experts, groups in product(
            limits.two_d if not alone else (False,),
            expert_parallel if not alone else (False,),
            [g for g in limits.attention_groups if g <= max(1, accelerators // stages)]
            if not alone
            else (1,),
        ):
            yield accelerators, two_d, stages, experts, groups


def _problem(
    architecture: Architecture, accelerator: Accelerator, candidate: Candidate
) -> tuple[str, str] | None:
    """(needed, available) of the first rule that the candidate breaks."""
    accelerators, two_d, stages, experts, groups = candidate
    if accelerators % stages:
        return f"accelerators divisible by {stages} pipeline stages", f"{accelerators}"
    if architecture.depth < stages:
        return f"a layer for each of {stages} pipeline stages", f"{architecture.depth} layers"
    ranks = accelerators // stages
    return (
        _link_problem(accelerator, accelerators, ranks)
        or _attention_problem(architecture, ranks, groups)
        or _feed_forward_problem(architecture, ranks, experts, groups)
        or (("a square number of tensor ranks", f"{ranks}") if two_d and isqrt(ranks) ** 2 != ranks else None)
    )


def _link_problem(accelerator: Accelerator, accelerators: int, ranks: int) -> tuple[str, str] | None:
    domain = accelerator.scaleup_domain
    if accelerators == 1:
        return None
    if accelerator.interconnect == "torus":
        if accelerator.scaleup_gb_s is None and accelerator.scaleout_gb_s is None:
            return "a link between accelerators", "none"
        return None
    if domain > 1 and accelerator.scaleup_gb_s is None:
        return "a link between accelerators (scaleup_gb_s)", "none"
    if accelerators <= domain:
        return None
    if accelerator.scaleout_gb_s is None:
        return f"a link between domains of {domain} (scaleout_gb_s)", "none"
    if domain % ranks == 0:
        return None  # every stage lies in one domain, and other instances fill what is left of the last
    if accelerators % domain:
        return f"whole domains of {domain} accelerators", f"{accelerators}"
    if ranks % domain:
        return f"pipeline stages that fill or divide domains of {domain}", f"stages of {ranks}"
    return None


def _attention_problem(architecture: Architecture, ranks: int, groups: int) -> tuple[str, str] | None:
    if ranks % groups:
        return f"tensor ranks divisible by {groups} attention groups", f"{ranks}"
    split = ranks // groups
    for _, mixer in token_mixers(architecture):
        for name, heads in mixer.heads:
            if heads % split:
                return f"{name} divisible by {split} ranks", f"{heads} {name}"
        for name, heads in mixer.copied_heads:
            if heads % split and split % heads:
                return f"{name} that divide by, or into, {split} ranks", f"{heads} {name}"
    return None


def _feed_forward_problem(
    architecture: Architecture, ranks: int, experts: bool, groups: int
) -> tuple[str, str] | None:
    shared_by = ranks // groups if experts else ranks  # with experts spread, groups are engines of their own
    widths: dict[str, tuple[int, int]] = {}
    for _, mixture in mixtures(architecture):
        spread = int(whole_expert_groups(ranks, mixture.experts)) if experts else 1
        widths["d_ff"] = (mixture.d_ff, ranks // spread)
        if mixture.shared_experts:
            widths["shared d_ff"] = (mixture.shared_width, shared_by)
    for _, block in dense_blocks(architecture):
        name = "dense_d_ff" if architecture.is_mixture else "d_ff"
        widths[name] = (block.d_ff, shared_by if architecture.is_mixture else ranks)
    for name, (width, parts) in widths.items():
        if width % parts:
            return f"{name} divisible by {parts} ranks", f"{name} {width}"
    return None
