"""Options: what one instance delivers, with the step rate eliminated, and which rows can bind."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from formulations.options import Option, binding_rows
from tests.formulations.program.cases import measured, option

BOTH = ("chat", "long")


def test_rows_of_an_option_by_hand() -> None:
    # 10 ms per step, 2 ms per sequence, batch 8, 2 tokens per sequence-step: (10/8 + 2)/2 = 1.625 ms per token.
    found = option(limit=8, step=0.01, sequence=0.002, tokens_per_step=2.0)
    assert found.instance_s_per_token == pytest.approx(np.array([[0.001625]]))
    assert found.tokens_per_s_alone == pytest.approx([1 / 0.001625])


def test_a_measured_option_has_one_row_and_no_steps() -> None:
    found = measured("a", 250.0, workloads=BOTH)
    assert found.instance_s_per_token == pytest.approx(np.array([[0.004, 0.004]]))
    assert found.tokens_per_s_alone == pytest.approx([250.0, 250.0])


def random_option(seed: int) -> Option:
    """Two roofs, two resources, two workloads."""
    random = np.random.default_rng(seed)
    found = option(
        limit=1,
        step=random.uniform(0.001, 0.05, 2).tolist(),
        sequence=random.uniform(0.0001, 0.01, (2, 2)).tolist(),
        workloads=BOTH,
        resource=("hbm", "pace:memory"),
        tokens_per_step=2.0,
    )
    found.batch_limit[:] = random.integers(1, 40, (2, 2))
    return found


@settings(max_examples=50, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), share=st.floats(0.0, 1.0))
def test_eliminating_the_step_rate_loses_nothing(seed: int, share: float) -> None:
    """Most tokens of a mix by the rows, and by a linear program with the step rate in it."""
    found = random_option(seed)
    mix = np.array([share, 1 - share])
    by_rows = 1.0 / (found.instance_s_per_token @ mix).max()
    # variables: tokens in all, steps per second; one second of instance time
    busy = [[float(q @ mix / 2.0), s] for s, q in zip(found.step_s, found.sequence_s, strict=True)]
    batch = [[float((1 / limit) @ mix / 2.0), -1.0] for limit in found.batch_limit]
    best = linprog([-1.0, 0.0], np.array(busy + batch), np.array([1.0, 1.0, 0.0, 0.0]))
    assert by_rows == pytest.approx(-best.fun, rel=1e-7)


def test_dominated_rows_do_not_bind() -> None:
    rows = np.array([[1.0, 2.0], [1.0, 1.0], [2.0, 1.0], [2.0, 1.0], [0.5, 0.5]])
    assert binding_rows(rows).tolist() == [True, False, True, False, False]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=8), st.floats(0.0, 1.0))
def test_binding_rows_describe_the_same_set(values: list[tuple[int, int]], share: float) -> None:
    rows = np.array(values, dtype=float)
    kept = rows[binding_rows(rows)]
    mix = np.array([share, 1 - share])
    assert len(kept) >= 1
    assert (kept @ mix).max() == pytest.approx((rows @ mix).max(), rel=1e-12)
