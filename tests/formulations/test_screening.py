"""Screening: what goes, what stays, and that no objective changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.options import Option
from formulations.program.data import SupplyData
from formulations.screening import undominated
from tests.formulations.program.cases import cheapest, option, program, supply

BOTH = ("chat", "long")


def kept(rows: list[list[list[float]]], gpus: list[int]) -> list[int]:
    return sorted(undominated(np.array(rows, dtype=float), np.array(gpus, dtype=float)).tolist())


def test_a_slower_option_of_the_same_size_goes() -> None:
    assert kept([[[1.0]], [[2.0]]], [1, 1]) == [0]


def test_of_equal_options_the_smaller_and_then_the_first_stays() -> None:
    # Twice the GPUs at twice the speed is the same per GPU; the smaller replaces it, not the other way round.
    assert kept([[[0.5]], [[1.0]], [[1.0]]], [2, 1, 1]) == [1]


def test_a_larger_option_does_not_replace_a_smaller_one() -> None:
    # Per GPU the large one is better, but one small instance may be all that is needed.
    assert kept([[[1.0]], [[0.2]]], [1, 4]) == [0, 1]


def test_sizes_that_do_not_divide_do_not_replace() -> None:
    # Size 2 is better per GPU than size 3, but three GPUs do not hold whole instances of two.
    assert kept([[[1.0]], [[0.9]]], [2, 3]) == [0, 1]


def test_an_option_that_serves_less_does_not_replace_one_that_serves_more() -> None:
    infinite = float("inf")
    assert kept([[[1.0, infinite]], [[2.0, 2.0]]], [1, 1]) == [0, 1]
    assert kept([[[1.0, 1.0]], [[2.0, infinite]]], [1, 1]) == [0]


def test_rows_are_compared_as_sets() -> None:
    # {x + 2y ≤ 1, 2x + y ≤ 1} lies within {x + y ≤ 1, …}: the second makes the first useless. Neither of the crossed
    # ones (x + 2y and 2x + y alone) does so to the other.
    assert kept([[[1.0, 2.0], [2.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]], [1, 1]) == [1]
    assert kept([[[1.0, 2.0], [1.0, 2.0]], [[2.0, 1.0], [2.0, 1.0]]], [1, 1]) == [0, 1]


def test_an_option_that_serves_nothing_goes() -> None:
    assert kept([[[float("inf")]], [[1.0]]], [1, 1]) == [1]


def test_a_workload_that_takes_no_time_does_not_disturb_the_order() -> None:
    # No prompts of the second workload: its column of an option for prompts is 0.
    assert kept([[[2.0, 0.0]], [[1.0, 0.0]], [[1.0, 0.0]]], [2, 2, 1]) == [2]


def random_options(random: np.random.Generator, count: int) -> list[Option]:
    """Kinds of sizes 1 to 8 whose speed and memory grow with the size, more or less; some serve one workload."""
    found = []
    for number in range(count):
        gpus = int(random.choice([1, 2, 4, 8]))
        speed = gpus ** random.uniform(0.8, 1.1) * random.uniform(0.6, 1.4)
        workloads = BOTH if random.random() < 0.7 else (str(random.choice(BOTH)),)
        two = option(
            f"o{number}",
            limit=1,
            step=(random.uniform(0.005, 0.02, 2) / speed).tolist(),
            sequence=(random.uniform(0.0005, 0.004, (2, len(workloads))) / speed).tolist(),
            workloads=workloads,
            resource=("hbm", "pace:memory"),
            gpus=gpus,
        )
        two.batch_limit[:] = random.integers(1, 6 * gpus, two.batch_limit.shape)
        found.append(replace(two, tokens_per_step=np.full(len(workloads), random.choice([1.0, 2.2]))))
    return found


def screened(options: list[Option]) -> list[Option]:
    """The options that screening keeps, compared through the rows that the planner compares."""
    rows = np.full((len(options), 4, 2), np.inf)
    for number, found in enumerate(options):
        rows[number][:, [BOTH.index(name) for name in found.workloads]] = found.instance_s_per_token
    return [options[index] for index in undominated(rows, np.array([o.gpus for o in options], dtype=float))]


SUPPLIES = st.sampled_from(
    [
        (supply(),),
        (supply(unit=8),),
        (supply("cheap", 0.8, limit=8), supply("dear", 1.3)),
        (supply("nodes", 0.9, unit=8, limit=16), supply("single", 1.1, limit=24)),
        (supply("racks", 0.7, unit=12, limit=24), supply("spot", 0.5, limit=6, availability=0.7)),
    ]
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), places=SUPPLIES, spares=st.sampled_from([0.0, 0.0, 0.2]))
def test_screening_changes_no_objective(seed: int, places: tuple[SupplyData, ...], spares: float) -> None:
    random = np.random.default_rng(seed)
    options = random_options(random, 16)
    few = screened(options)
    demand = {"chat": float(random.uniform(100, 4000)), "long": float(random.uniform(50, 1000))}
    without = cheapest(program(options, demand, places, spare_share=spares))
    with_screening = cheapest(program(few, demand, places, spare_share=spares))
    assert len(few) < len(options)
    assert (
        with_screening == pytest.approx(without, rel=1e-7) if without is not None else with_screening is None
    )


def test_units_may_keep_a_larger_instance() -> None:
    # 15 GPUs in units of 8 take 2 units; three instances of 5 take 3, one in each. In units of 5 or 15 they fit.
    rows, gpus = np.array([[[1.0]], [[0.4]]]), np.array([5.0, 15.0])
    assert undominated(rows, gpus, [8]).tolist() == [0, 1]
    for unit in (1, 5, 15, 30):
        assert undominated(rows, gpus, [unit]).tolist() == [0]
    # 24 GPUs in units of 8 take 3 units, two instances of 12 take 4.
    assert len(undominated(rows, np.array([12.0, 24.0]) / 1.0, [8])) == 2
