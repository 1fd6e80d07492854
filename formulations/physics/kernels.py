"""Kernels: the serial kernels of a forward pass, each of which costs launch and drain time whatever its work.

`four` and `by_layout` count matrix multiplications (the paper). `counted` (ours) counts what engines run one after
another in a layer after fusing what they fuse: norm, QKV, rotary embedding and cache write, attention, reduction of
split attention, output, norm, gate and up, activation, down. A mixture adds router, selection, permutation and the
weighted sum; latent attention adds the second query projection, its norm and the absorbed key and value projections.
All-reduces are counted by the network.
"""

from __future__ import annotations

from fleets.schema.architectures import Architecture
from fleets.schema.assumptions import Choices
from formulations.physics.arrays import FloatArray
from formulations.physics.blocks import dense_blocks, mixtures, token_mixers
from formulations.physics.blocks.feed_forward import DENSE_KERNELS, kernels
from formulations.physics.layout import Layout


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
    counted = sum(count * mixer.kernels for count, mixer in mixers)
    counted += sum(count * kernels(block) for count, block in dense_blocks(architecture))
    counted += sum(count * kernels(block) for count, block in mixtures(architecture))
    return counted - DENSE_KERNELS * together  # both branches run side by side
