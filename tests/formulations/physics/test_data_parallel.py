"""Data-parallel attention: host time and prompts are a group's, so an instance of f groups pays them once per f."""

from __future__ import annotations

import numpy as np
import pytest

from fleets import catalog
from fleets.schema.assumptions import AssumptionSet, Engine
from formulations.physics.case import Case
from formulations.physics.layout import Layout
from formulations.physics.precision import arithmetic_rate
from formulations.physics.prefill import prefill_time, prompt_latency

DEEPSEEK = catalog.architecture("deepseek-v3")
H200 = catalog.accelerator("h200-sxm")
LAYOUT = Layout.of([8, 8, 8], expert_parallel=True, attention_scaledown=[1, 2, 8])


def with_engine(**values: float) -> AssumptionSet:
    return catalog.assumption_set("default").model_copy(update={"engine": Engine(**values)})


def prompts(assumptions: AssumptionSet, tokens: float = 4096.0) -> tuple[np.ndarray, np.ndarray]:
    """(seconds of the instance, seconds of the passes) of a prompt under each layout."""
    one = Case.of(DEEPSEEK, H200, assumptions)
    rate = arithmetic_rate(one.machine, assumptions, "fp8", prefill=True)
    shared = (one.architecture, one.machine, assumptions, LAYOUT, rate)
    return prefill_time(*shared, tokens), prompt_latency(*shared, one.weight_bytes, tokens)


def test_host_time_per_sequence_is_a_groups() -> None:
    base, host = (
        Case.of(DEEPSEEK, H200, with_engine(sequence_us=us)).step(LAYOUT, 1000).step_time(512.0).total
        for us in (0, 20)
    )
    # 512 sequences at 20 µs, over 1, 2 and 8 schedulers
    np.testing.assert_allclose(host - base, [10.24e-3, 5.12e-3, 1.28e-3], rtol=1e-9)


def test_ranks_that_idle_have_one_scheduler() -> None:
    idle = catalog.assumption_set("erdil-2025")
    layout = Layout.of([8.0], attention_scaledown=[2.0])
    slow = idle.model_copy(update={"engine": Engine(sequence_us=20)})
    base, host = (
        Case.of(DEEPSEEK, H200, one).step(layout, 1000).step_time(512.0).total for one in (idle, slow)
    )
    assert host - base == pytest.approx(10.24e-3)


def test_as_many_prompts_as_groups_launch_together() -> None:
    (plain, alone), (launched, launched_alone) = (
        prompts(with_engine()),
        prompts(with_engine(prompt_kernel_us=10)),
    )
    kernels = 4 * 61 + 1
    np.testing.assert_allclose(launched - plain, kernels * 10e-6 / np.array([1, 2, 8]), rtol=1e-9)
    np.testing.assert_allclose(launched_alone - alone, kernels * 10e-6, rtol=1e-9)


def test_a_prompt_of_one_group_waits_for_those_of_all() -> None:
    seconds, latency = prompts(with_engine())
    # arithmetic of a prompt on a share of the ranks: its pass lasts f times what it takes of the instance
    # (less what every rank of one group does for itself: the router, and the way down to the latent vectors)
    assert latency[2] > 5.5 * latency[0] and latency[2] > 8 * seconds[2]
    assert seconds[2] < 1.2 * seconds[0]
