"""The coefficient core against the paper's code: every component of a 1D step, and the toy model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from formulations.physics.capacity import fits, weight_bytes_total
from formulations.physics.kv_cache import cache_held
from formulations.physics.layout import Layout
from formulations.physics.toy import toy_step_time
from tests.formulations.physics.golden import assert_close, case, read

# Llama 3 8B in 16 bits on 8 paper-H100, batch 2, no context (erdil-2025), by hand:
#   kernel  4·32 layers·4 µs
#   latency 2·32 all-reduces of LL over 8 ranks: 6.8 + 2·7·0.6 = 15.2 µs
#   memory  weights 2 B·(32·(3·4096·14336 + 2·4096·4096 + 2·4096·1024) + 128256·4096) over 8·3.3e12·0.75 B/s,
#           plus activations; compute 2·8,029,995,008·2 over 8·0.7e15
KERNEL, LATENCY = 0.000512, 0.0009728
WEIGHTS, COMPUTE = 15_009_316_864 / 1.98e13, 4 * 8_029_995_008 / 5.6e15


def test_components_of_a_small_step_by_hand() -> None:
    step = case("Llama_3_8B", "H100").step(Layout.of(8), 0).step_time(2)
    assert_close(step.kernel, KERNEL, "kernel")
    assert_close(step.network_latency, LATENCY, "latency")
    # a 1D all-reduce moves nodes·(ranks/nodes − 1)·m/(ranks·link/2·0.5), m = 4096 words·2 sequences·2 bytes
    assert_close(step.network_bandwidth, 64 * 7 * 4096 * 4 / (8 * 225e9 * 0.5), "transfer")
    assert_close(step.compute, COMPUTE, "compute")
    assert WEIGHTS < step.memory < 1.01 * WEIGHTS
    assert_close(step.total, KERNEL + LATENCY + step.network_bandwidth + step.memory, "total")


@pytest.mark.parametrize("function", ["new_1d"])
def test_every_component_of_the_papers_1d_layout(shared_data: Path, function: str) -> None:
    rows = read(shared_data, "components.csv").query("function == @function and n_ep == 1")
    assert len(rows) >= 20
    for row in rows.itertuples():
        problem = case(row.model, row.gpu)
        layout = Layout.of(row.n_gpu)
        step = problem.step(layout, row.input_len, row.seq_len).step_time(row.batch)
        what = f"{row.model} {row.gpu} N={row.n_gpu} b={row.batch} context={row.input_len} q={row.seq_len}"
        assert_close(step.kernel, row.kernel_s, what)
        assert_close(step.network_latency, row.net_latency_s, what)
        assert_close(step.network_bandwidth, row.net_bandwidth_s, what)
        assert_close(step.memory, row.memory_s, what)
        assert_close(step.compute, row.compute_s, what)
        assert_close(step.total, row.total_s, what)
        weights = weight_bytes_total(
            problem.architecture, problem.assumptions.choices, layout, problem.weight_bytes
        )
        cache = cache_held(
            problem.architecture, problem.assumptions.choices, layout, problem.kv_bytes, row.input_len
        )
        assert_close(weights, row.weight_bytes, what)
        assert_close(cache * row.batch, row.kv_bytes_micro, what)


def test_toy_model_of_section_2_2(shared_data: Path) -> None:
    rows = read(shared_data, "pointwise_latency.csv").dropna(subset="lat_section_2_2_s")  # blank: q > 1
    ours = []
    for row in rows.itertuples():
        problem, layout = case(row.model, row.gpu), Layout.of(row.n_gpu)
        choices = problem.assumptions.choices
        step = toy_step_time(
            problem.architecture, problem.machine, problem.assumptions, row.n_gpu, problem.weight_bytes,
            problem.flops.matrices, row.batch,
        )  # fmt: skip
        weights = weight_bytes_total(problem.architecture, choices, layout, problem.weight_bytes)
        cache = cache_held(problem.architecture, choices, layout, problem.kv_bytes, row.input_len)
        fitting = fits(problem.room(layout), problem.assumptions, layout, weights, cache, row.batch)
        ours.append(float(np.where(fitting, step.total, np.inf)))
    assert np.isinf(ours).sum() >= 1
    assert_close(ours, rows.lat_section_2_2_s, "section 2.2")
