"""A block is a list of kernels: what they multiply is what the model holds, what they launch is what a step waits for."""

from __future__ import annotations

import pytest

from fleets import catalog
from fleets.schema.architectures import Architecture
from fleets.schema.blocks import Dense, Experts
from formulations.physics import parameters
from formulations.physics.blocks import dense_blocks, mixtures, token_mixers
from formulations.physics.blocks.feed_forward import dense_kernels, expert_kernels, shared_kernels
from formulations.physics.blocks.kernel import Kernel, Matrix, Mixing, launches_of, matrices_of
from formulations.physics.kernels import serial_kernels
from formulations.physics.layout import Layout

SET = catalog.assumption_set("serving-2026")
CHOICES = SET.choices
MODELS = [name for name in catalog.names("architectures") if not name.startswith("paper-")]


def kernels_of(model: Architecture) -> list[tuple[int, tuple[Kernel, ...]]]:
    """Every block's, with the number of layers that have it."""
    width = model.d_model
    found = [(count, mixer.kernels(CHOICES)) for count, mixer in token_mixers(model)]
    found += [(count, dense_kernels(block, width)) for count, block in dense_blocks(model)]
    found += [
        (count, shared_kernels(block, width, CHOICES) + expert_kernels(block, width))
        for count, block in mixtures(model)
    ]
    return found


@pytest.mark.parametrize("name", MODELS)
def test_what_kernels_multiply_is_what_a_model_holds(name: str) -> None:
    model = catalog.architecture(name)
    held = sum(
        count * matrix.parameters for count, listed in kernels_of(model) for matrix in matrices_of(listed)
    )
    counts = parameters.count(model, CHOICES)
    assert held == pytest.approx(counts.attention + counts.feed_forward, rel=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_a_step_waits_for_all_that_are_launched(name: str) -> None:
    model = catalog.architecture(name)
    launched = sum(count * launches_of(listed) for count, listed in kernels_of(model))
    beside = sum(count for count, block in model.token_mixers if block.parallel)
    assert (
        float(serial_kernels(model, CHOICES, Layout.of(1))) == launched - 4 * beside + 1
    )  # and the output head


@pytest.mark.parametrize(
    ("name", "launches"),
    [
        ("llama-3.1-8b", 6),
        ("deepseek-v3", 10),
        ("deepseek-v3.2", 14),
        ("qwen3.5-9b", 6),
        ("recurrentgemma-2b", 6),
    ],
)
def test_every_token_mixer_mixes_and_has_its_launches(name: str, launches: int) -> None:
    mixers = [mixer for _, mixer in token_mixers(catalog.architecture(name))]
    assert launches in {mixer.launches(CHOICES) for mixer in mixers}
    for mixer in mixers:
        listed = mixer.kernels(CHOICES)
        assert any(isinstance(kernel, Mixing) for kernel in listed)
        assert isinstance(listed[-1], Matrix) and listed[-1].rows == mixer.d_model  # the output


def test_feed_forward_blocks() -> None:
    assert launches_of(dense_kernels(Dense(d_ff=8), 4)) == 4
    plain, latent = (
        Experts(d_ff=8, experts=4, active_experts=2, shared_experts=1, latent_dim=size) for size in (None, 2)
    )
    for block, launches in ((plain, 8), (latent, 10)):
        assert launches_of(shared_kernels(block, 4, CHOICES) + expert_kernels(block, 4)) == launches
