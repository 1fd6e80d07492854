"""Single concerns with the arithmetic by hand: precision, KV cache, capacity, traffic, collectives, draft heads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fleets import catalog
from fleets.schema.architectures import Architecture
from formulations.physics.arrays import floats
from formulations.physics.blocks import dense_blocks
from formulations.physics.capacity import batch_capacity
from formulations.physics.collectives import ALL_REDUCE, Pattern, route
from formulations.physics.context import Context
from formulations.physics.experts import touched_share
from formulations.physics.kv_cache import cache_elements_per_token, cache_held, cache_moved
from formulations.physics.layout import Layout
from formulations.physics.machine import machine
from formulations.physics.precision import arithmetic_format, arithmetic_rate, weight_bytes
from formulations.physics.reserve import Room
from formulations.physics.shape import Matrix, shape
from formulations.physics.speculation import head_architecture
from formulations.physics.traffic import activation_words
from tests.formulations.physics.golden import case

DEFAULT = catalog.assumption_set("default")
PAPER = catalog.assumption_set("erdil-2025")
DEEPSEEK = Architecture.model_validate(
    {
        "name": "deepseek-v3-shape",
        "layers": 61,
        "d_model": 7168,
        "vocabulary": 129_280,
        "attention": {
            "kind": "mla", "query_heads": 128, "kv_heads": 128, "head_dim": 128, "kv_rank": 512, "query_rank": 1536,
            "rope_dim": 64,
        },
        "feed_forward": {
            "d_ff": 2048, "input_matrices": 2, "experts": 256, "active_experts": 8, "shared_experts": 1,
            "dense_layers": 3, "dense_d_ff": 18_432,
        },
    }
)  # fmt: skip


def test_arithmetic_follows_what_the_accelerator_has() -> None:
    hopper, ampere, blackwell = ("bf16", "fp8", "int8"), ("bf16", "int8"), ("bf16", "fp8", "int8", "fp4")
    widest = {
        ("fp8", hopper): "fp8", ("fp8", ampere): "bf16", ("int8", ampere): "int8", ("int4", hopper): "bf16",
        ("nvfp4", hopper): "bf16", ("nvfp4", blackwell): "fp4", ("mxfp4", blackwell): "fp8", ("mxfp4", hopper): "bf16",
        ("fp6", blackwell): "bf16", ("bf16", blackwell): "bf16",
    }  # fmt: skip
    for (precision, formats), expected in widest.items():
        assert arithmetic_format(formats, precision, "widest_operand") == expected
    assert arithmetic_format(ampere, "fp8", "weight_bits") == "int8"  # the paper: 8 bits are 8 bits
    unit = machine(catalog.accelerator("paper-a100"), PAPER)
    assert arithmetic_rate(unit, PAPER, "fp8").matrices == pytest.approx(624e12 * 0.8)
    by_name = arithmetic_rate(unit, DEFAULT, ["bf16", "fp8"])
    assert by_name.matrices.shape == (2,)
    assert weight_bytes("nvfp4") == 0.5625  # 16 elements of 4 bits and a scale of 8


def test_windows_and_latent_attention_bound_the_kv_cache() -> None:
    llama = catalog.architecture("paper-llama-3-8b")
    windowed = llama.model_copy(
        update={
            "attention": llama.attention.model_copy(update={"windowed_layers": 24, "window_tokens": 1024})
        }
    )
    per_layer = cache_elements_per_token(llama) / 32
    for context, tokens in ((8192, 8 * 8192 + 24 * 1024), (100, 32 * 100)):
        for kept in (cache_held, cache_moved):
            assert kept(windowed, DEFAULT.choices, Layout.of(1), 1.0, context) == per_layer * tokens
    # over a request of 512 to 1,536 tokens, the mean of what a window of 1,024 keeps
    mean = 8 * 1024 + 24 * (512 * 768 + 512 * 1024) / 1024
    request = Context(np.array(512.0), np.array(1536.0))
    assert cache_held(windowed, DEFAULT.choices, Layout.of(1), 1.0, request) == per_layer * mean
    # 61 layers · (512 + 64) elements · 2 bytes = 70,272 bytes per token, once per tensor rank
    one = cache_held(DEEPSEEK, DEFAULT.choices, Layout.of([1.0, 8.0]), 2.0, 1000)
    assert one.tolist() == [70_272_000.0, 8 * 70_272_000.0]
    # 8 groups of one rank each hold their own sequences, without copies
    grouped = cache_held(DEEPSEEK, DEFAULT.choices, Layout.of(8, attention_scaledown=8), 2.0, 1000)
    assert grouped == 70_272_000.0
    # 8 KV heads on 16 ranks: two copies; perfect sharding in the paper
    wide = catalog.architecture("paper-llama-3-70b")
    copies = [
        cache_held(wide, chosen.choices, Layout.of(16), 2.0, 1)
        / cache_held(wide, chosen.choices, Layout.of(8), 2.0, 1)
        for chosen in (DEFAULT, PAPER)
    ]
    assert copies == [2.0, 1.0]


def test_parameters_of_deepseek_v3() -> None:
    counted = shape(DEEPSEEK, DEFAULT.choices)
    assert counted.total_parameters == pytest.approx(671.03e9, rel=1e-3)  # published: 671B
    assert counted.active_parameters + counted.unembedding == pytest.approx(
        37.6e9, rel=0.01
    )  # published: 37B
    tied = DEEPSEEK.model_copy(update={"tied_embeddings": True})
    assert counted.total_parameters - shape(tied, DEFAULT.choices).total_parameters == counted.unembedding


def test_capacity_by_hand() -> None:
    unit = machine(catalog.accelerator("paper-h100"), DEFAULT)  # 80 GB · 0.9 usable
    layout = Layout.of([1.0, 2.0, 2.0], pipeline=[1, 1, 2])
    own = Room(floats(unit.usable_hbm_bytes))
    batch = batch_capacity(own, DEFAULT, layout, 100e9, 1e9)
    assert batch.tolist() == [0.0, 44.0, 44.0]  # 2·72 − 100 GB
    whole = Room(floats(machine(catalog.accelerator("paper-h100"), PAPER).usable_hbm_bytes))
    micro = batch_capacity(whole, PAPER, layout, 100e9, 1e9)
    assert micro.tolist() == [0.0, 60.0, 120.0]  # 2·80 − 100 GB, the paper holds one micro-batch of two
    assert batch_capacity(own, DEFAULT, Layout.of(2), 100e9, 0.0) == np.inf


def test_draft_memory_is_joint_in_the_default_set() -> None:
    target, draft = (
        case("paper-llama-3-70b", "paper-h100", "default"),
        case("paper-llama-3-8b", "paper-h100", "default"),
    )
    layout = Layout.of(4)
    free = 4 * 72e9 - float(target.weights(layout)) - float(draft.weights(layout))
    per_sequence = float(target.cache(layout, 1000)) + float(draft.cache(layout, 1000))
    assert target.capacity(layout, 1000, draft) == pytest.approx(free / per_sequence)
    assert not target.fits(layout, 1000, free / per_sequence + 1, draft)


def test_matrix_traffic_by_hand() -> None:
    # a 4 × 1 matrix (rows = outputs) on 4 ranks: tp1 = clip(√(4·4/1), 1, 4) = 4, tp2 = 1 → 4·1 + 1·4 = 8 words a column
    assert activation_words(Matrix(4, 1), np.array(4.0)) == 8.0
    # square on 4 ranks: 2 × 2 grid → 2·k + 2·m
    assert activation_words(Matrix(10, 10), np.array(4.0)) == 40.0


def test_touched_share_limits() -> None:
    assert touched_share(1, 8.0) == pytest.approx(1 / 8)  # one token touches its active experts
    assert touched_share(2, 2.0) == pytest.approx(0.75)
    assert touched_share(1e9, 8.0) == 1.0
    assert touched_share(3, 1.0) == 1.0


def test_all_reduce_by_hand() -> None:
    # 16 ranks on 2 nodes: LL latency 6.8 + 2·(7·0.6 + 1·5) = 25.2 µs; bytes inside 2·14/16 over 450 GB/s · 0.5, between
    # 2·1/16 over 50 GB/s · 0.5; the paper takes the slower, the default set their sum
    pattern = Pattern.ring(ALL_REDUCE, np.array(16.0), np.array(2.0))
    unit = machine(catalog.accelerator("paper-h100"), PAPER)
    inside, between = 1.75 / 225e9, 0.125 / 25e9
    for overlap, expected in (("max", max(inside, between)), ("sum", inside + between)):
        found = route(unit, overlap, pattern)
        assert found.latency[0] == pytest.approx(25.2e-6)
        assert found.per_byte[0] == pytest.approx(expected)
    lonely = route(unit, "max", Pattern.ring(ALL_REDUCE, np.array(1.0), np.array(1.0)))
    assert np.all(lonely.latency == 0)
    assert np.all(lonely.per_byte == 0)


def test_torus_by_hand() -> None:
    # all-reduce on 4 chips: 2·3 hops of 1 µs, and 2·m·3/4 bytes over 500 GB/s
    unit = machine(catalog.accelerator("paper-tpu-v4"), PAPER)
    found = route(unit, "max", Pattern.ring(ALL_REDUCE, np.array(4.0), np.array(4.0)))
    assert found.latency == pytest.approx(6e-6)
    assert found.per_byte == pytest.approx(1.5 / 500e9)


def test_missing_links_cost_everything_only_where_they_are_used() -> None:
    alone = catalog.accelerator("paper-h100").model_copy(update={"scaleout_gb_s": None})
    unit = machine(alone, PAPER)
    inside = route(unit, "max", Pattern.ring(ALL_REDUCE, np.array(8.0), np.array(1.0)))
    assert np.all(np.isfinite(inside.per_byte))
    across = route(unit, "max", Pattern.ring(ALL_REDUCE, np.array(16.0), np.array(2.0)))
    assert np.all(np.isinf(across.per_byte))


def test_draft_heads_are_one_layer_of_the_target() -> None:
    mtp, eagle = head_architecture(DEEPSEEK, "mtp"), head_architecture(DEEPSEEK, "eagle3")
    assert (mtp.depth, eagle.depth) == (1, 1)
    assert mtp.experts == DEEPSEEK.experts
    assert not eagle.is_mixture
    assert [block.d_ff for _, block in dense_blocks(eagle)] == [
        9 * 2048
    ]  # eight active experts and the shared one
    # DeepSeek's MTP module has 11.5B parameters of its own beside the shared embedding and output head (14B with them)
    own = shape(mtp, DEFAULT.choices).total_parameters - shape(mtp, DEFAULT.choices).unembedding
    assert own == pytest.approx(11.5e9, rel=0.02)


def test_a_layout_with_scale_down_is_refused_where_the_set_excludes_it() -> None:
    none = DEFAULT.model_copy(
        update={"choices": DEFAULT.choices.model_copy(update={"attention_scaledown": "none"})}
    )
    problem = case("paper-llama-3-8b", "paper-h100", "default")
    with pytest.raises(ValueError, match="attention_scaledown: none"):
        replace(problem, assumptions=none).step(Layout.of(8, attention_scaledown=2), 0)
