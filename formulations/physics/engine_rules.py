"""Layouts that an engine does not start: what one rank must hold of matrices in a quantised precision, by engine as data.

A rank's share of every split width must be whole blocks: of outputs (queries, keys, gate, up) and of inputs (attention
output, down). Experts that are spread keep their width. Attention, dense blocks and shared experts are split over the
ranks of one attention group, as engines with data-parallel attention do.
"""

from __future__ import annotations

from collections.abc import Iterator

from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import AssumptionSet
from fleets.schema.engines import LayoutRule
from formulations.physics.blocks import dense_blocks, mixtures, token_mixers
from formulations.physics.engine import engine_of
from formulations.physics.layout import whole_expert_groups

Split = tuple[str, str, float, int]
"""Part, name of a width, elements of it, ranks that share it."""


def engine_problem(
    architecture: Architecture,
    assumptions: AssumptionSet,
    weight_precision: str,
    ranks: int,
    experts: bool,
    groups: int,
) -> tuple[str, str] | None:
    """(needed, available) of the first rule of the set's engine that a layout breaks; None where it starts.

    `ranks` are the tensor ranks of one pipeline stage, `experts` whether experts are spread, `groups` attention groups.
    """
    engine = engine_of(assumptions)
    if engine is None:
        return None
    name = assumptions.serving_engine.name if assumptions.serving_engine else ""
    for rule in engine.layout_rules:
        if rule.precision != weight_precision:
            continue
        found = _broken(rule, architecture, ranks, experts, groups)
        if found is not None:
            width, own, block = found
            return (
                f"{width} per rank in blocks of {block} ({weight_precision} on {name})",
                f"{own:g} per rank",
            )
    return None


def _broken(
    rule: LayoutRule, architecture: Architecture, ranks: int, experts: bool, groups: int
) -> tuple[str, float, int] | None:
    """(width, what a rank has of it, the block) of the first split that leaves part of a block."""
    blocks = (rule.multiple, rule.multiple) if rule.multiple else architecture.fp8_block_size
    if blocks is None:
        return None
    rows, columns = blocks
    split = max(1, ranks // groups)
    outputs = list(_outputs(architecture, ranks, split, experts)) if rule.output else []
    inputs = list(_inputs(architecture, ranks, split, experts)) if rule.input else []
    for splits, block in ((outputs, rows), (inputs, columns)):
        for part, name, width, over in splits:
            own = width / over
            if part in rule.parts and _kept(architecture, part, rule) and over > 1 and own % block:
                return name, own, int(block or 1)
    return None


def _kept(architecture: Architecture, part: str, rule: LayoutRule) -> bool:
    """Whether the part is stored in the rule's precision: parts may be kept wider in the checkpoint."""
    kept = {
        "attention": architecture.attention_weight_precision,
        "dense": architecture.dense_weight_precision,
    }
    return kept.get(part) in (None, rule.precision)


def _outputs(architecture: Architecture, ranks: int, split: int, experts: bool) -> Iterator[Split]:
    for _, mixer in token_mixers(architecture):
        for name, width in mixer.outputs:
            yield "attention", name, width, split
        for name, heads, size in mixer.copied_outputs:
            yield "attention", name, max(heads, split) * size, split  # beyond the heads ranks hold copies
    yield from _feed_forward(architecture, ranks, split, experts)


def _inputs(architecture: Architecture, ranks: int, split: int, experts: bool) -> Iterator[Split]:
    for _, mixer in token_mixers(architecture):
        for name, width in mixer.inputs:
            yield "attention", name, width, split
    yield from _feed_forward(architecture, ranks, split, experts)


def _feed_forward(architecture: Architecture, ranks: int, split: int, experts: bool) -> Iterator[Split]:
    for _, mixture in mixtures(architecture):
        groups = int(whole_expert_groups(ranks, mixture.experts)) if experts else 1
        yield "experts", "d_ff", mixture.d_ff, ranks // groups
        if mixture.shared_experts:
            yield "dense", "shared d_ff", mixture.shared_width, split
    for _, block in dense_blocks(architecture):
        yield "dense", "dense_d_ff" if architecture.is_mixture else "d_ff", block.d_ff, split
