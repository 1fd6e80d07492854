"""Constants of serving engines: each changes what it says by hand, and none changes anything at its default."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fleets import catalog
from fleets.schema.assumptions import AssumptionSet, Engine, RequestConstants
from formulations.physics.case import Case
from formulations.physics.first_token import first_token_fixed, first_token_time
from formulations.physics.kernels import serial_kernels
from formulations.physics.layout import Layout
from formulations.physics.precision import arithmetic_rate
from formulations.physics.prefill import prefill_time, prompt_latency

LAYOUT = Layout.of([1, 8])


def with_engine(**values: Any) -> AssumptionSet:
    return catalog.assumption_set("default").model_copy(update={"engine": Engine(**values)})


def with_constants(**values: Any) -> AssumptionSet:
    base = catalog.assumption_set("default")
    return base.model_copy(update={"default_accelerator": base.default_accelerator.model_copy(update=values)})


def case(assumptions: AssumptionSet, model: str = "llama-3.1-8b") -> Case:
    return Case.of(catalog.architecture(model), catalog.accelerator("h100-sxm"), assumptions)


def prefill(assumptions: AssumptionSet, tokens: float, hits: float = 0.0, model: str = "llama-3.1-8b") -> Any:
    one = case(assumptions, model)
    rate = arithmetic_rate(one.machine, assumptions, one.architecture.weight_precision, prefill=True)
    return prefill_time(one.architecture, one.machine, assumptions, LAYOUT, rate, tokens, hits)


def latency(assumptions: AssumptionSet, tokens: float, hits: float = 0.0, model: str = "llama-3.1-8b") -> Any:
    one = case(assumptions, model)
    rate = arithmetic_rate(one.machine, assumptions, one.architecture.weight_precision, prefill=True)
    return prompt_latency(
        one.architecture, one.machine, assumptions, LAYOUT, rate, one.weight_bytes, tokens, hits
    )


@pytest.mark.parametrize("name", ["erdil-2025", "default"])
def test_published_sets_have_neutral_engine_constants(name: str) -> None:
    assumptions = catalog.assumption_set(name)
    assert assumptions.engine == Engine() and assumptions.fit is None
    one = case(assumptions)
    assert one.machine.kv_bandwidth_ratio == 1.0 and one.machine.half_rate_tokens == 0.0
    assert all(protocol.kind == "ring" for protocol in assumptions.collectives.protocols)


def test_host_time_adds_to_every_step_and_every_sequence() -> None:
    base = case(with_engine()).step(LAYOUT, 1000).step_time([4.0, 512.0])
    host = case(with_engine(step_us=300, sequence_us=20)).step(LAYOUT, 1000).step_time([4.0, 512.0])
    np.testing.assert_allclose(host.total - base.total, [300e-6 + 4 * 20e-6, 300e-6 + 512 * 20e-6], rtol=1e-9)


def test_kv_bandwidth_slows_the_cache_alone() -> None:
    plain, slow = case(with_constants()), case(with_constants(kv_bandwidth_fraction=0.375))  # half of 0.75
    cache = plain.cache(LAYOUT, 1000) / (LAYOUT.accelerators * plain.machine.bandwidth)
    np.testing.assert_allclose(
        slow.step(LAYOUT, 1000).sequence_read - plain.step(LAYOUT, 1000).sequence_read, cache, rtol=1e-9
    )
    np.testing.assert_array_equal(slow.step(LAYOUT, 1000).dense_read, plain.step(LAYOUT, 1000).dense_read)


def test_share_of_peak_by_number_format() -> None:
    assumptions = with_constants(compute_fractions={"fp8": 0.5})
    rates = case(assumptions).machine.flops
    assert rates["fp8"] == pytest.approx(0.5 * 1979e12) and rates["bf16"] == pytest.approx(0.7 * 989.5e12)


def test_experts_take_their_factor_in_reads_and_arithmetic() -> None:
    plain, slow = case(with_engine(), "gpt-oss-120b"), case(with_engine(expert_factor=1.5), "gpt-oss-120b")
    one, other = plain.step(LAYOUT, 1000), slow.step(LAYOUT, 1000)
    np.testing.assert_allclose(other.expert_read, 1.5 * one.expert_read, rtol=1e-12)
    np.testing.assert_array_equal(other.dense_read, one.dense_read)
    # 36 layers·4 active experts·3 matrices·2880² parameters, half of that more, 2 FLOP each
    more = 0.5 * 2 * 36 * 4 * 3 * 2880**2 / plain.flops.matrices / LAYOUT.accelerators
    np.testing.assert_allclose(other.sequence_compute - one.sequence_compute, more, rtol=1e-9)


def test_counted_kernels_by_architecture() -> None:
    choices = catalog.assumption_set("serving-2026").choices
    count = {
        name: float(serial_kernels(catalog.architecture(name), choices, Layout.of(1)))
        for name in ("llama-3.1-8b", "gpt-oss-120b", "deepseek-v3")
    }
    # 10 in a dense layer, 4 more for routing, 4 more for latent attention, and the output head
    assert count == {"llama-3.1-8b": 321, "gpt-oss-120b": 36 * 14 + 1, "deepseek-v3": 61 * 14 + 58 * 4 + 1}


def test_cached_prefixes_save_matrices_in_proportion_and_attention_less() -> None:
    whole, half, all_but_none = (
        prefill(with_engine(), 8192),
        prefill(with_engine(), 8192, 0.5),
        prefill(with_engine(), 8192, 1.0),
    )
    assert np.all(half > 0.5 * whole) and np.all(half < 0.75 * whole) and np.all(all_but_none == 0)
    # the second half of a prompt attends to all of it: 3/4 of the pairs
    np.testing.assert_allclose(half, whole - prefill(with_engine(), 4096), rtol=1e-9)


def test_chunks_launch_their_kernels_again() -> None:
    base, extra = with_engine(chunk_tokens=2048), with_engine(chunk_tokens=2048, prompt_kernel_us=10)
    kernels = serial_kernels(catalog.architecture("llama-3.1-8b"), base.choices, LAYOUT)
    for tokens, chunks in ((1024, 1), (2048, 1), (8192, 4)):
        np.testing.assert_allclose(
            prefill(extra, tokens) - prefill(base, tokens), chunks * kernels * 10e-6, rtol=1e-6
        )


def test_small_chunks_multiply_below_full_rate() -> None:
    slow = with_constants(half_rate_tokens=1024.0)
    # matrices of a 1,024-token prompt take twice as long; attention and transfer do not
    ratio = prefill(slow, 1024) / prefill(with_constants(), 1024)
    assert 1.9 < ratio[0] < 2.0 and 1.3 < ratio[1] < 1.9


def test_a_prompts_own_passes_read_all_weights_per_chunk() -> None:
    assumptions = with_engine()
    one = case(assumptions)
    read = (
        2 * (8.03e9 - 128256 * 4096) / (LAYOUT.accelerators * one.machine.bandwidth)
    )  # input embedding is looked up
    short = latency(assumptions, 1)
    assert (
        np.all(short > read)
        and short[0] < 1.1 * read[0] + serial_kernels(one.architecture, assumptions.choices, LAYOUT) * 4e-6
    )
    chunked = latency(with_engine(chunk_tokens=1), 8)
    np.testing.assert_allclose(chunked, 8 * short, rtol=0.05)
    long = latency(assumptions, 8192)
    assert np.all(long > prefill(assumptions, 8192)) and np.all(
        long < 1.2 * prefill(assumptions, 8192) + short
    )


def test_first_token_in_a_closed_loop_by_hand() -> None:
    requests = {"vllm": RequestConstants(request_ms=20, burst_share=0.5)}
    engine = Engine(first_token_steps=2, requests=RequestConstants(request_ms=50), requests_of=requests)
    # 20 ms + 2·10 ms + own passes 100 ms + (0.5·(9 − 1)/2 + 0.36/(2·0.64))·80 ms, ρ = 9·80/2000
    expected = 0.020 + 0.020 + 0.100 + (2 + 0.36 / 1.28) * 0.080
    assert first_token_time(engine, 0.1, 0.01, 0.08, 9, 2.0, "vllm") == pytest.approx(expected)
    assert first_token_fixed(engine, 0.01) == pytest.approx(0.070)  # no engine named: the set's own
    alone = first_token_time(engine, 0.1, 0.01, 0.0, 1, 2.0)
    assert alone == pytest.approx(0.170)
