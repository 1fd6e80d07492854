"""Plans solved by hand: limits, billing units, and how instances fill nodes and racks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.program.data import ProgramData
from tests.formulations.program.cases import cheapest, instances, measured, program, solved, supply


def test_units_are_bought_whole() -> None:
    # 9 instances of 1 GPU in nodes of 8: 2 nodes = 16 $/h.
    assert cheapest(program([measured("a", 100)], {"chat": 900.0}, (supply(unit=8),))) == pytest.approx(16)


def test_limit_counts_accelerators_and_is_rounded_down_to_units() -> None:
    # 20 accelerators in nodes of 8 are 2 nodes: 16 instances, 1,600 tokens/s.
    nodes = (supply(unit=8, limit=20),)
    assert cheapest(program([measured("a", 100)], {"chat": 1600.0}, nodes)) == pytest.approx(16)
    assert cheapest(program([measured("a", 100)], {"chat": 1601.0}, nodes)) is None


def test_the_dearer_supply_takes_what_the_cheaper_has_not() -> None:
    # 3 at 1 $/h, the other 2 at 1.5 $/h.
    places = (supply("spot", 1.0, limit=3), supply("on-demand", 1.5))
    data = program([measured("a", 100)], {"chat": 500.0}, places)
    assert cheapest(data) == pytest.approx(6)
    assert instances(solved(data)[0]) == {("a", "spot"): 3, ("a", "on-demand"): 2}


def test_nested_sizes_fill_nodes_of_eight() -> None:
    # Each model has its own size: 1 of 8, 1 of 4, 1 of 2 and 2 of 1 GPUs = 8 + (4 + 2 + 1 + 1): 2 nodes exactly.
    sizes = {"eight": (8, 1), "four": (4, 1), "two": (2, 1), "one": (1, 2)}
    found = [measured(name, 100, gpus=gpus, workloads=(name,)) for name, (gpus, _) in sizes.items()]
    demand = {name: 100.0 * count for name, (_, count) in sizes.items()}
    assert cheapest(program(found, demand, (supply(unit=8),))) == pytest.approx(16)
    # A third single GPU opens a third node.
    assert cheapest(program(found, {**demand, "one": 300.0}, (supply(unit=8),))) == pytest.approx(24)


def test_racks_of_72_hold_nine_instances_of_eight() -> None:
    # 10 instances of 8: 2 racks although 80 < 144 leaves room; in single GPUs they would cost 80.
    found = measured("tp8", 100, gpus=8)
    assert cheapest(program([found], {"chat": 900.0}, (supply(unit=72),))) == pytest.approx(72)
    assert cheapest(program([found], {"chat": 1000.0}, (supply(unit=72),))) == pytest.approx(144)
    assert cheapest(program([found], {"chat": 1000.0}, (supply(unit=1),))) == pytest.approx(80)


def test_sizes_that_do_not_divide_the_unit_leave_gaps() -> None:
    # Racks of 72 hold 4 of 16 GPUs (64) and 8 GPUs beside: 4·16 + 1·8 fit in one rack, 4·16 + 2·8 and 5·16 do not.
    def racks(large: int, small: int) -> float | None:
        found = [
            measured("tp16", 100, gpus=16, workloads=("chat",)),
            measured("tp8", 100, gpus=8, workloads=("long",)),
        ]
        cost = cheapest(program(found, {"chat": 100.0 * large, "long": 100.0 * small}, (supply(unit=72),)))
        return None if cost is None else cost / 72

    assert racks(4, 1) == pytest.approx(1)
    assert racks(4, 2) == pytest.approx(2)
    assert racks(5, 1) == pytest.approx(2)
    assert racks(8, 2) == pytest.approx(2)


def test_an_instance_larger_than_a_unit_takes_whole_units() -> None:
    # 16 GPUs in nodes of 8: 2 nodes. 12 GPUs: also 2, and nobody gets the 4 left over: a 4-GPU instance needs a third.
    assert cheapest(
        program([measured("a", 100, gpus=16)], {"chat": 100.0}, (supply(unit=8),))
    ) == pytest.approx(16)
    found = [measured("a", 100, gpus=12), measured("b", 100, gpus=4, workloads=("long",))]
    assert cheapest(program(found, {"chat": 100.0, "long": 100.0}, (supply(unit=8),))) == pytest.approx(24)


def test_an_instance_lies_within_one_supply() -> None:
    # Two supplies of 4 do not make an instance of 8.
    places = (supply("east", limit=4), supply("west", limit=4))
    assert program([measured("a", 100, gpus=8)], {"chat": 100.0}, places).offers == ()
    assert cheapest(program([measured("a", 100, gpus=4)], {"chat": 200.0}, places)) == pytest.approx(8)


def _packed(sizes: tuple[int, ...], unit: int) -> int:
    """Fewest units that hold instances of these sizes, by exhaustive search."""
    best = sum(-(-size // unit) for size in sizes)

    def place(rest: tuple[int, ...], free: tuple[int, ...]) -> None:
        nonlocal best
        if len(free) >= best and rest:
            return
        if not rest:
            best = min(best, len(free))
            return
        size, others = rest[0], rest[1:]
        for room in sorted({room for room in free if room >= size}):
            index = free.index(room)
            place(others, (*free[:index], room - size, *free[index + 1 :]))
        place(others, (*free, unit - size))

    large = sum(-(-size // unit) for size in sizes if size >= unit)
    best -= large
    small = tuple(sorted((size for size in sizes if size < unit), reverse=True))
    place(small, ())
    return best + large


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    chain=st.sampled_from([(1, 2, 4, 8), (2, 4, 8), (1, 4, 16), (3, 6), (1, 2, 4, 8, 16, 32), (5,), (2, 6)]),
    unit=st.sampled_from([4, 8, 12, 18, 72]),
    data=st.data(),
)
def test_packing_equals_exhaustive_search(chain: tuple[int, ...], unit: int, data: st.DataObject) -> None:
    counts = {size: data.draw(st.integers(0, 3), label=f"instances of {size}") for size in chain}
    wanted = {size: count for size, count in counts.items() if count}
    if not wanted:
        return
    program_of = _one_workload_per_size(wanted, unit)
    cost = cheapest(program_of)
    sizes = tuple(size for size, count in wanted.items() for _ in range(count))
    assert cost == pytest.approx(_packed(sizes, unit) * unit)


def _one_workload_per_size(wanted: dict[int, int], unit: int) -> ProgramData:
    found = [measured(f"tp{size}", 100, gpus=size, workloads=(f"w{size}",)) for size in wanted]
    return program(found, {f"w{size}": 100.0 * count for size, count in wanted.items()}, (supply(unit=unit),))


def test_exhaustive_packing_by_hand() -> None:
    assert _packed((4, 4, 4), 8) == 2
    assert _packed((5, 5, 2, 2), 8) == 2
    assert _packed((16, 4), 8) == 3
