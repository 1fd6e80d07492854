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
from formulations.physics.layout import Layout

ATTENTION_KERNELS = 6
FEED_FORWARD_KERNELS = 4
LATENT_ATTENTION_KERNELS = 4
ROUTING_KERNELS = 4


def serial_kernels(architecture: Architecture, choices: Choices, layout: Layout) -> FloatArray:
    """Serial kernels of one forward pass under the choice `kernels_per_layer`, output head included; shape as `layout`.

    Uneven pipeline stages count as if all were the longest, and each had the output head.
    """
    head = 1 if architecture.vocabulary and choices.kernels_per_layer != "four" else 0
    layers = layout.longest_stage(architecture.layers) * _of_layers(architecture, choices)
    return layers + layout.end_stages * head


def _of_layers(architecture: Architecture, choices: Choices) -> int:
    attention, feed_forward = architecture.attention, architecture.feed_forward
    if choices.kernels_per_layer == "four":
        return 4 * architecture.layers
    if choices.kernels_per_layer == "by_layout":
        return (2 if attention.parallel else 4) * architecture.layers
    per_layer = ATTENTION_KERNELS + FEED_FORWARD_KERNELS
    if attention.kind == "mla":
        per_layer += LATENT_ATTENTION_KERNELS
    if attention.parallel:
        per_layer -= FEED_FORWARD_KERNELS  # both branches run side by side
    routed = architecture.layers - feed_forward.dense_layers if architecture.is_mixture else 0
    return per_layer * architecture.layers + ROUTING_KERNELS * routed
