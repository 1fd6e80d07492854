"""Plans solved by hand: spares, power, budget, kinds per workload, prefill and decode roles, and the other objectives."""

from __future__ import annotations

import pyomo.environ as pyo
import pytest

from tests.formulations.program.cases import cheapest, measured, program, solved, supply


def test_a_number_of_spares_per_kind_in_use() -> None:
    # 5 instances of a at 1 $/h and 2 spares: 7. b (70 tokens/s at 1 $/h) would need 8 + 2.
    found = [measured("a", 100), measured("b", 70)]
    assert cheapest(program(found, {"chat": 500.0}, (supply(limit=64),), spare_number=2)) == pytest.approx(7)


def test_spares_make_one_kind_cheaper_than_two() -> None:
    # big: 4 GPUs, 450 tokens/s; small: 1 GPU, 100 tokens/s. 950 tokens/s without spares: 2·4 + 1 = 9 GPUs.
    # With one spare each: big + small 9 + 4 + 1 = 14, big alone 3·4 + 4 = 16, small alone 10 + 1 = 11.
    found = [measured("big", 450, gpus=4), measured("small", 100)]
    limited = (supply(limit=64),)
    assert cheapest(program(found, {"chat": 950.0}, limited)) == pytest.approx(9)
    assert cheapest(program(found, {"chat": 950.0}, limited, spare_number=1)) == pytest.approx(11)


def test_a_share_of_spares_is_rounded_up() -> None:
    # 25 % of 5 instances are 1.25: 2 spares.
    assert cheapest(program([measured("a", 100)], {"chat": 500.0}, spare_share=0.25)) == pytest.approx(7)


def test_the_larger_of_number_and_share_counts() -> None:
    # 10 instances: 25 % are 3 spares, more than 2. 4 instances: 1 spare by share, 2 by number.
    for demand, cost in ((1000.0, 13), (400.0, 6)):
        data = program(
            [measured("a", 100)], {"chat": demand}, (supply(limit=64),), spare_share=0.25, spare_number=2
        )
        assert cheapest(data) == pytest.approx(cost)


def test_spares_take_their_places_in_units() -> None:
    # 2 instances of 4 GPUs fill a node of 8; their spare opens another.
    data = program([measured("a", 100, gpus=4)], {"chat": 200.0}, (supply(unit=8, limit=64),), spare_number=1)
    assert cheapest(data) == pytest.approx(16)


def test_power_limit_chooses_the_leaner_accelerator() -> None:
    # hot: 1 $/h and 1 kW; cool: 2 $/h and 0.4 kW; 100 tokens/s each; 10 instances within 7 kW:
    # x cool with 10 − x + 0.4·x ≤ 7: x = 5, cost 5 + 10 = 15.
    places = (supply("hot", 1.0, power_kw=1.0), supply("cool", 2.0, power_kw=0.4))
    data = program([measured("a", 100)], {"chat": 1000.0}, places, power_limit_kw=7.0)
    assert cheapest(data) == pytest.approx(15)
    assert cheapest(program([measured("a", 100)], {"chat": 1000.0}, places, power_limit_kw=3.9)) is None


def test_least_power_counts_whole_units() -> None:
    # hot: a node of 8 at 1 kW each = 8 kW for up to 8 instances; cool: 2 kW each. 3 instances: 6 kW cool; 5: 8 kW hot.
    places = (supply("hot", 1.0, unit=8, power_kw=1.0), supply("cool", 1.0, power_kw=2.0))
    for demand, power in ((300.0, 6.0), (500.0, 8.0)):
        data = program([measured("a", 100)], {"chat": demand}, places)
        result = solved(data, "power")[1]
        assert result.objective is not None
        assert result.objective * data.scale("power") == pytest.approx(power)


def test_fewest_gpus_ignore_the_price() -> None:
    # big: 4 GPUs for 1,000 tokens/s in the dear supply; small: 1 GPU for 100. 1,000 tokens/s: 4 GPUs.
    places = (supply("dear", 9.0),)
    found = [measured("big", 1000, gpus=4), measured("small", 100)]
    result = solved(program(found, {"chat": 1000.0}, places), "gpus")[1]
    assert result.objective == pytest.approx(4)


def test_most_throughput_within_a_budget() -> None:
    # 10 $/h buy one node of 8 (8 $/h, 800 tokens/s) and 1 of 1.5 $/h (100 tokens/s): 900 tokens/s of 500 = 1.8 times.
    # 6 of 1.5 $/h would be 600.
    places = (supply("nodes", 1.0, unit=8), supply("single", 1.5))
    data = program([measured("a", 100)], {"chat": 500.0}, places, budget_usd_per_hour=10.0, scaled=("chat",))
    assert solved(data, "throughput")[1].objective == pytest.approx(1.8)


def test_a_budget_below_the_cheapest_plan_is_infeasible() -> None:
    data = program([measured("a", 100)], {"chat": 500.0}, budget_usd_per_hour=4.99)
    assert solved(data)[1].termination == "infeasible"
    assert cheapest(program([measured("a", 100)], {"chat": 500.0}, budget_usd_per_hour=5.0)) == pytest.approx(
        5
    )


def test_one_kind_per_workload() -> None:
    # 1,150 tokens/s: big (4 GPUs, 1,000) + small (1 GPU, 200) = 5 GPUs; one kind: 6 small = 6 or 2 big = 8.
    found = [measured("big", 1000, gpus=4), measured("small", 200)]
    assert cheapest(program(found, {"chat": 1150.0}, max_kinds=2)) == pytest.approx(5)
    assert cheapest(program(found, {"chat": 1150.0}, max_kinds=1)) == pytest.approx(6)


def test_options_of_one_kind_count_once() -> None:
    # Two options of one kind, limited to 3 GPUs each by their supplies; one kind may use both supplies.
    found = [measured("a1", 100, kind="a"), measured("a2", 90, kind="a")]
    places = (supply("east", limit=3), supply("west", limit=3))
    assert cheapest(program(found, {"chat": 600.0}, places, max_kinds=1)) == pytest.approx(6)


def test_one_kind_may_serve_several_workloads() -> None:
    # a serves both, and each workload counts its own kinds: 5 + 5 instances at 100 tokens/s.
    found = [measured("a", 100, workloads=("chat", "long")), measured("b", 60, workloads=("chat", "long"))]
    assert cheapest(program(found, {"chat": 500.0, "long": 500.0}, max_kinds=1)) == pytest.approx(10)


def test_prefill_and_decode_balance() -> None:
    # 200 tokens/s: decode instances of 100 (2) and prefill instances whose prompts yield 300 tokens/s (1): 3.
    # Aggregated instances of 60 tokens/s: 4.
    split = [measured("p", 300, role="prefill"), measured("d", 100, role="decode")]
    together = measured("g", 60)
    assert cheapest(program(split, {"chat": 200.0})) == pytest.approx(3)
    assert cheapest(program([*split, together], {"chat": 200.0})) == pytest.approx(3)
    # 220 tokens/s: split 3 + 1 = 4; aggregated 4 (240); split for 200 and one aggregated: 4. At 301: 4 + 2 against 6.
    assert cheapest(program([*split, together], {"chat": 220.0})) == pytest.approx(4)
    # Aggregated instances need no prompts: 260 = 2 decode + 1 prefill (200) + 1 aggregated (60) = 4 GPUs.
    assert cheapest(program([*split, together], {"chat": 260.0})) == pytest.approx(4)


def test_decode_without_prefill_is_infeasible() -> None:
    data = program([measured("d", 100, role="decode")], {"chat": 200.0})
    assert solved(data)[1].termination == "infeasible"


def test_prefill_alone_serves_nothing() -> None:
    data = program([measured("p", 100, role="prefill")], {"chat": 200.0})
    assert solved(data)[1].termination == "infeasible"


def test_what_units_count_adds_up_to_the_objective() -> None:
    places = (supply("spot", 1.25, limit=3), supply("nodes", 0.75, unit=8))
    data = program([measured("a", 100)], {"chat": 900.0}, places)
    model, result = solved(data)
    counted = sum(pyo.value(model.Units[s.name]) * s.per_unit("cost") for s in data.supplies)
    # A node for 8 (6 $/h) and one spot (1.25): 7.25.
    assert counted == pytest.approx(7.25)
    assert result.objective is not None and result.objective * data.scale("cost") == pytest.approx(counted)
