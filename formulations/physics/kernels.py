"""Serial kernels of a forward pass, each of which costs launch and drain time whatever its work.

`four` and `by_layout` count matrix multiplications (the paper). `counted` (ours) counts what engines launch one after
another, after fusing what they fuse: the kernels that the blocks list. All-reduces are counted by the network.
"""

from __future__ import annotations

from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import Choices
from formulations.physics.arrays import FloatArray
from formulations.physics.blocks import dense_blocks, mixtures, token_mixers
from formulations.physics.blocks.feed_forward import dense_kernels, expert_kernels, shared_kernels
from formulations.physics.blocks.kernel import launches_of
from formulations.physics.layout import Layout

DENSE_LAUNCHES = 4
"""Of a feed-forward block that runs beside attention."""


def serial_kernels(architecture: Architecture, choices: Choices, layout: Layout) -> FloatArray:
    """Serial kernels of one forward pass under the choice `kernels_per_layer`, output head included; shape as `layout`.

    Uneven pipeline stages count as if all were the longest, and each had the output head.
    """
    head = 1 if architecture.vocabulary and choices.kernels_per_layer != "four" else 0
    layers = layout.longest_stage(architecture.depth) * _of_layers(architecture, choices)
    return layers + layout.end_stages * head


def _of_layers(architecture: Architecture, choices: Choices) -> int:
    mixers = token_mixers(architecture)
    blocks = sum(count for count, _ in architecture.stack)
    if choices.kernels_per_layer == "four":
        return 2 * blocks
    together = sum(count for count, mixer in mixers if mixer.block.parallel)
    if choices.kernels_per_layer == "by_layout":
        return 2 * blocks - 2 * together
    width = architecture.d_model
    counted = sum(count * mixer.launches(choices) for count, mixer in mixers)
    counted += sum(
        count * launches_of(dense_kernels(block, width)) for count, block in dense_blocks(architecture)
    )
    for count, block in mixtures(architecture):
        counted += count * launches_of(shared_kernels(block, width, choices) + expert_kernels(block, width))
    return counted - DENSE_LAUNCHES * together  # both branches run side by side
