"""Wide expert parallelism: redundant experts, data-parallel engines over nodes, and steps that stay flat as they grow."""

from __future__ import annotations

import numpy as np
import pytest

from fleets import catalog
from formulations.physics.case import Case
from formulations.physics.layout import Layout

DEEPSEEK = catalog.architecture("deepseek-v3")
EXPERT = 3 * 7168 * 2048
"""Parameters of one routed or shared expert."""
ATTENTION = 61 * (1536 * 7168 + 128 * 192 * 1536 + 576 * 7168 + 128 * 256 * 512 + 7168 * 128 * 128)
DENSE = 3 * 3 * 7168 * 18_432 + 58 * EXPERT + 58 * 256 * 7168  # layers, shared experts, routers
EMBEDDING = 129_280 * 7168


def case(system: str = "h200-sxm", assumptions: str = "serving-2026") -> Case:
    return Case.of(DEEPSEEK, catalog.accelerator(system), catalog.assumption_set(assumptions), "fp8", "fp8")


def engines(*ranks: int) -> Layout:
    """Every rank an engine of its own, experts over all of them."""
    return Layout.of(ranks, expert_parallel=True, attention_scaledown=ranks, whole=True)


@pytest.mark.parametrize(
    ("ranks", "held"),
    [(8, 256), (32, 256), (72, 288), (144, 288), (24, 264), (256, 256), (320, 320), (512, 256)],
)
def test_ranks_hold_whole_experts_and_copies_fill_them_up(ranks: int, held: int) -> None:
    # 72 and 144 ranks: 32 redundant experts (DeepSeek's decode units, SGLang's 72 GPUs); 320: 64 (DeepSeek-V3 report)
    assert 256 * float(engines(ranks).held_experts(256)[0]) == pytest.approx(held)
    assert float(Layout.of(ranks, expert_parallel=True).held_experts(256)) == 1.0


@pytest.mark.parametrize(("ranks", "experts"), [(32, 8), (72, 4), (144, 2)])
def test_an_engine_holds_all_but_the_routed_experts(ranks: int, experts: int) -> None:
    per_rank = ATTENTION + DENSE + 2 * 2 * EMBEDDING + 58 * experts * EXPERT  # embeddings in 16 bits
    assert float(case().weights(engines(ranks))[0]) / ranks == pytest.approx(per_rank, rel=1e-9)


@pytest.mark.parametrize(("ranks", "experts"), [(32, 8), (72, 4), (144, 2)])
def test_a_step_reads_the_experts_of_the_fullest_rank(ranks: int, experts: int) -> None:
    one = case()
    step = one.step(engines(ranks), 1000)
    factor = one.assumptions.engine.expert_factor
    assert float(step.expert_read[0]) * one.machine.bandwidth == pytest.approx(
        58 * experts * EXPERT * factor, rel=1e-9
    )
    # every engine reads its own dense parts and output head
    read = ATTENTION + DENSE + 2 * EMBEDDING
    assert float(step.dense_read[0]) * one.machine.bandwidth == pytest.approx(read, rel=1e-9)


def test_engines_reduce_nothing_among_each_other_but_experts() -> None:
    alone = {c.name for c in case().network(engines(16)) if np.any(np.isfinite(c.latency) & (c.latency > 0))}
    assert alone == {"all-to-all"}
    pairs = Layout.of([16], expert_parallel=True, attention_scaledown=8, whole=True)
    found = {c.name: c for c in case().network(pairs)}
    whole = {c.name: c for c in case().network(Layout.of([16], expert_parallel=True, attention_scaledown=8))}
    assert np.all(found["shared experts"].per_sequence < whole["shared experts"].per_sequence / 7)


def test_steps_stay_flat_where_sequences_per_accelerator_do() -> None:
    ranks = np.array([16, 32, 64, 128])
    step = case().step(engines(16, 32, 64, 128), 1000).step_time(256.0 * ranks)
    # host time, cache and arithmetic are a rank's, experts become fewer: not 105, 174, 313, 590 ms as it once was
    assert np.all(np.diff(step.memory) < 0) and np.ptp(step.compute) < 1e-9
    assert step.memory[-1] > 0.5 * step.memory[0]
    # what is left to grow is the share of tokens that leave their node, 1/2 to 15/16
    grown = (1 - 1 / 16) / (1 - 1 / 2)
    assert step.network_bandwidth[-1] < 1.01 * grown * step.network_bandwidth[0]
    assert step.total[-1] < 1.5 * step.total[0]
