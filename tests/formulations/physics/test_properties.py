"""What must hold for every model, accelerator, layout and batch: monotony, limits and special cases (hypothesis)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.physics.arrays import FloatArray
from formulations.physics.case import Case
from formulations.physics.layout import Layout
from formulations.physics.search import fastest_layout
from formulations.physics.speculation import expected_tokens, verified_tokens
from tests.formulations.physics.golden import case

MODELS = (
    "paper-llama-3-8b",
    "paper-llama-3-70b-8-bit",
    "paper-mixtral-8x22b",
    "paper-deepseek-v3",
    "paper-palm-540b",
)
SETS = ("erdil-2025", "default")
STEP = 1 + 1e-12


@st.composite
def steps(draw: st.DrawFn) -> tuple[Case, Layout, float, float, float]:
    """A case, a layout of it, context, batch and tokens in flight."""
    problem = case(
        draw(st.sampled_from(MODELS)),
        draw(st.sampled_from(("paper-h100", "paper-a100"))),
        draw(st.sampled_from(SETS)),
    )
    ranks = draw(st.sampled_from((1, 2, 4, 8, 16, 64)))
    stages = draw(st.sampled_from((1, 2, 4)))
    layout = Layout.of(
        ranks * stages,
        two_d=draw(st.booleans()),
        pipeline=stages,
        expert_parallel=draw(st.booleans()),
        attention_scaledown=draw(st.sampled_from([f for f in (1, 2, 4) if f <= ranks])),
    )
    context = draw(st.floats(0, 2e5))
    batch = draw(st.floats(stages, 1e4))
    return problem, layout, context, batch, draw(st.sampled_from((1.0, 2.0, 6.0)))


def total(
    problem: Case, layout: Layout, context: float, batch: FloatArray | float, q: float = 1.0
) -> FloatArray:
    return problem.step(layout, context, q).step_time(batch).total


@given(steps(), st.floats(1.01, 4))
@settings(max_examples=150, deadline=None)
def test_a_better_machine_is_never_slower(
    drawn: tuple[Case, Layout, float, float, float], factor: float
) -> None:
    problem, layout, context, batch, q = drawn
    machine = problem.machine
    before = total(problem, layout, context, batch, q)
    flops = problem.flops
    better = {
        "bandwidth": replace(problem, machine=replace(machine, bandwidth=machine.bandwidth * factor)),
        "flop/s": replace(
            problem,
            flops=replace(flops, matrices=flops.matrices * factor, attention=flops.attention * factor),
        ),
        "kernel latency": replace(
            problem, machine=replace(machine, kernel_launch_s=machine.kernel_launch_s / factor)
        ),
        "links": replace(
            problem,
            machine=replace(machine, scaleup=machine.scaleup * factor, scaleout=machine.scaleout * factor),
        ),
        "collective latency": replace(
            problem,
            machine=replace(
                machine,
                protocols=replace(
                    machine.protocols,
                    base_s=machine.protocols.base_s / factor,
                    rank_s=machine.protocols.rank_s / factor,
                    node_s=machine.protocols.node_s / factor,
                ),
            ),
        ),
    }
    for what, improved in better.items():
        assert total(improved, layout, context, batch, q) <= before * STEP, what


@given(steps(), st.floats(1, 100), st.floats(0, 1e5))
@settings(max_examples=150, deadline=None)
def test_a_fixed_option_never_speeds_up_with_batch_or_context(
    drawn: tuple[Case, Layout, float, float, float], more: float, longer: float
) -> None:
    problem, layout, context, batch, q = drawn
    before = total(problem, layout, context, batch, q)
    assert total(problem, layout, context, batch * more, q) >= before / STEP
    assert total(problem, layout, context + longer, batch, q) >= before / STEP
    assert total(problem, layout, context, batch, q + 1) >= before / STEP


@given(steps())
@settings(max_examples=100, deadline=None)
def test_the_parts_add_up_and_the_fast_path_agrees(drawn: tuple[Case, Layout, float, float, float]) -> None:
    problem, layout, context, batch, q = drawn
    coefficients = problem.step(layout, context, q)
    step = coefficients.step_time(batch)
    parts = (
        step.kernel + step.network_latency + step.network_bandwidth + np.maximum(step.memory, step.compute)
    )
    np.testing.assert_allclose(step.total, parts, rtol=1e-12)
    np.testing.assert_allclose(coefficients.total(np.asarray(batch)), step.total, rtol=1e-12)


@given(steps())
@settings(max_examples=100, deadline=None)
def test_protocol_pieces_reproduce_the_network_and_tangents_never_underestimate(
    drawn: tuple[Case, Layout, float, float, float],
) -> None:
    problem, layout, context, batch, q = drawn
    coefficients = problem.step(layout, context, q)
    pieces = coefficients.network_pieces()
    tests = np.array([0.5, 1.0, batch, batch * 10, 1e6])
    exact = sum(coefficients.network(tests))
    last = np.sum(pieces.start <= tests[:, None], axis=-1) - 1
    np.testing.assert_allclose(
        pieces.latency[last] + pieces.per_sequence[last] * tests, exact, rtol=1e-9, atol=1e-15
    )
    latency, slope = coefficients.network_tangent(batch)
    assert np.all(latency + slope * tests >= exact * (1 - 1e-12))
    intercept, slope = coefficients.expert_tangent(batch)
    experts = coefficients.memory(tests) - coefficients.dense_read - coefficients.sequence_read * tests
    scale = coefficients.memory(tests) * 1e-12
    assert np.all(intercept + slope * tests >= experts - scale)
    low, high = batch, batch * 10
    intercept, slope = coefficients.expert_chord(low, high)
    between = np.linspace(low, high, 7)
    experts = coefficients.memory(between) - coefficients.dense_read - coefficients.sequence_read * between
    assert np.all(intercept + slope * between <= experts + coefficients.memory(between) * 1e-12)


@pytest.mark.parametrize("assumptions", SETS)
@pytest.mark.parametrize("two_d", [False, True])
def test_a_mixture_of_one_expert_is_dense_with_expert_parallelism_too(assumptions: str, two_d: bool) -> None:
    problem = case("paper-mixtral-8x22b", "paper-h100", assumptions)
    ff = problem.architecture.feed_forward.model_copy(update={"experts": 1, "active_experts": 1})
    dense = replace(problem, architecture=problem.architecture.model_copy(update={"feed_forward": ff}))
    batch = np.array([1.0, 10.0, 1000.0])
    spread = total(dense, Layout.of(16, two_d=two_d, expert_parallel=True), 1000, batch)
    np.testing.assert_array_equal(spread, total(dense, Layout.of(16, two_d=two_d), 1000, batch))


def test_a_mixture_whose_experts_are_all_active_reads_what_a_dense_model_as_wide_reads() -> None:
    # 4 experts of width d, all active, hold and multiply the parameters of one block of width 4·d
    problem = case("paper-mixtral-8x22b", "paper-h100", "default")
    ff = problem.architecture.feed_forward
    mixture = ff.model_copy(update={"experts": 4, "active_experts": 4})
    wide = ff.model_copy(update={"experts": 1, "active_experts": 1, "d_ff": 4 * ff.d_ff})
    one, other = (
        replace(problem, architecture=problem.architecture.model_copy(update={"feed_forward": shape}))
        for shape in (mixture, wide)
    )
    layout = Layout.of(1)
    assert one.weights(layout) == pytest.approx(other.weights(layout), rel=1e-4)  # the router
    steps = [c.step(layout, 0).step_time(1e4) for c in (one, other)]
    np.testing.assert_allclose(steps[0].compute, steps[1].compute, rtol=1e-4)


@given(st.sampled_from(SETS), st.floats(0, 1), st.integers(0, 8), st.floats(1, 500))
@settings(max_examples=60, deadline=None)
def test_no_drafts_is_no_speculation_and_more_acceptance_is_never_slower(
    assumptions: str, acceptance: float, most: int, batch: float
) -> None:
    target, draft = (case(m, "paper-h100", assumptions) for m in ("paper-llama-3-70b", "paper-llama-3-8b"))
    layouts, points = Layout.of([4.0, 8.0]), (np.array([batch]), np.array([1000.0]))
    none = fastest_layout(target, layouts, *points)
    without = fastest_layout(target, layouts, *points, draft=draft, acceptance=acceptance, max_drafted=0)
    assert without.seconds == none.seconds
    some = fastest_layout(target, layouts, *points, draft=draft, acceptance=acceptance, max_drafted=most)
    assert some.seconds <= none.seconds
    certain = fastest_layout(target, layouts, *points, draft=draft, acceptance=1.0, max_drafted=most)
    assert certain.seconds <= some.seconds * STEP


@given(st.integers(0, 20), st.floats(0, 1), st.sampled_from(("bonus", "no_bonus")))
def test_expected_tokens_lie_between_one_and_the_verified_positions(
    drafted: int, alpha: float, convention: str
) -> None:
    tokens = float(expected_tokens(drafted, alpha, convention))
    positions = float(verified_tokens(drafted, convention))
    assert 1 - 1e-12 <= tokens <= positions + 1e-9
    series = sum(alpha**k for k in range(int(positions)))  # 1 + α + … + α^(q−1)
    assert tokens == pytest.approx(series, rel=1e-9)
