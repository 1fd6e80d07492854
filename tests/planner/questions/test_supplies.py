"""Supplies from the config to the answer: limits, units, owned, spot, sites, budget and spares; hand arithmetic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from planner.questions.ask import ask
from tests.planner.questions.measured import bought, source

ROWS = [("gpu", 1, "chat", 10.0)]


def cheapest(
    folder: Path,
    supply: list[dict[str, Any]],
    rate: float,
    rows: list[Any] = ROWS,
    **settings: Any,
) -> tuple[float | None, dict[str, int]]:
    answer = ask(source(folder, supply, {"chat": rate}, rows, **settings))
    if answer.allocation is None:
        assert answer.termination == "infeasible"
        return None, {}
    assert answer.holds == "proven"
    return answer.objective, bought(answer)


def test_limit_sends_the_rest_to_the_dearer_site(tmp_path: Path) -> None:
    supply = [
        {"accelerator": "gpu", "site": "us", "price_usd_per_hour": 2.0, "limit": 3},
        {"accelerator": "gpu", "site": "eu", "price_usd_per_hour": 2.5, "limit": 4},
    ]
    assert cheapest(tmp_path, supply, 45.0) == (pytest.approx(3 * 2.0 + 2 * 2.5), {"gpu@us": 3, "gpu@eu": 2})
    assert cheapest(tmp_path, supply, 70.0)[0] == pytest.approx(3 * 2.0 + 4 * 2.5)
    assert cheapest(tmp_path, supply, 70.1) == (None, {})


def test_an_instance_lies_within_one_supply(tmp_path: Path) -> None:
    # Four GPUs in all, but no site has the four that one instance needs.
    supply = [
        {"accelerator": "gpu", "site": site, "price_usd_per_hour": 2.0, "limit": 2} for site in ("us", "eu")
    ]
    assert cheapest(tmp_path, supply, 10.0, [("gpu", 4, "chat", 10.0)]) == (None, {})


def test_nodes_are_bought_whole_and_a_node_may_be_dearer_than_singles(tmp_path: Path) -> None:
    supply = [
        {"accelerator": "gpu", "name": "nodes", "price_usd_per_hour": 2.0, "unit": 8},
        {"accelerator": "gpu", "name": "singles", "price_usd_per_hour": 3.0},
    ]
    # 5 instances: a node of 8 costs 16 $, five singles 15 $. 6 instances: 16 against 18 $. 13: a node (16) and five (15).
    assert cheapest(tmp_path, supply, 50.0) == (pytest.approx(15.0), {"singles": 5})
    assert cheapest(tmp_path, supply, 60.0) == (pytest.approx(16.0), {"nodes": 8})
    assert cheapest(tmp_path, supply, 130.0) == (pytest.approx(31.0), {"nodes": 8, "singles": 5})


def test_sizes_share_a_node(tmp_path: Path) -> None:
    # Units of 8. chat needs 3 instances of 2 GPUs, code one of 2: together one node.
    rows = [("gpu", 2, "chat", 10.0), ("gpu", 2, "code", 10.0)]
    supply = [{"accelerator": "gpu", "price_usd_per_hour": 1.0, "unit": 8}]
    answer = ask(source(tmp_path, supply, {"chat": 30.0, "code": 10.0}, rows))
    assert answer.objective == pytest.approx(8.0)
    # An instance of 16 takes two nodes whole.
    assert cheapest(tmp_path, supply, 10.0, [("gpu", 16, "chat", 10.0)])[1] == {"gpu": 16}


def test_owned_accelerators_are_used_first_at_what_running_them_costs(tmp_path: Path) -> None:
    rented = {"accelerator": "gpu", "name": "rented", "price_usd_per_hour": 2.0}
    owned = {"accelerator": "gpu", "name": "owned", "owned": True, "limit": 3}
    assert cheapest(tmp_path, [rented, owned], 50.0) == (pytest.approx(4.0), {"rented": 2, "owned": 3})
    running = owned | {"running_usd_per_hour": 0.5}
    assert cheapest(tmp_path, [rented, running], 50.0)[0] == pytest.approx(3 * 0.5 + 2 * 2.0)
    dear = owned | {"running_usd_per_hour": 2.5}
    assert cheapest(tmp_path, [rented, dear], 50.0) == (pytest.approx(10.0), {"rented": 5})


def test_spot_capacity_counts_for_the_time_that_it_is_there(tmp_path: Path) -> None:
    # 36 requests/s: spot at 0.9 $ is there 60 % of the time, 6/s each: six of them (5.4 $); reserved at 2 $: four (8 $).
    spot = {"accelerator": "gpu", "name": "spot", "price_usd_per_hour": 0.9, "availability": 0.6}
    reserved = {"accelerator": "gpu", "name": "reserved", "price_usd_per_hour": 2.0}
    assert cheapest(tmp_path, [spot, reserved], 36.0) == (pytest.approx(5.4), {"spot": 6})
    # At 1.3 $: six cost 7.8 $, but one and three reserved ones (6 + 30 = 36/s) cost 7.3 $. At 2.1 $: four reserved ones.
    assert cheapest(tmp_path, [spot | {"price_usd_per_hour": 1.3}, reserved], 36.0)[0] == pytest.approx(7.3)
    assert cheapest(tmp_path, [spot | {"price_usd_per_hour": 2.1}, reserved], 36.0)[0] == pytest.approx(8.0)


def test_three_contracts_of_one_accelerator(tmp_path: Path) -> None:
    # Four reserved at 1.5 $, two spot at 1 $ and there half the time, more on demand at 3 $. 60 requests/s: reserved 40,
    # spot 10, one on demand 10: 6 + 2 + 3 = 11 $/h.
    supply = [
        {"accelerator": "gpu", "name": "reserved", "price_usd_per_hour": 1.5, "limit": 4},
        {"accelerator": "gpu", "name": "on-demand", "price_usd_per_hour": 3.0},
        {"accelerator": "gpu", "name": "spot", "price_usd_per_hour": 1.0, "limit": 2, "availability": 0.5},
    ]
    assert cheapest(tmp_path, supply, 60.0) == (
        pytest.approx(11.0),
        {"reserved": 4, "on-demand": 1, "spot": 2},
    )


def test_a_budget_that_does_not_suffice(tmp_path: Path) -> None:
    supply = [{"accelerator": "gpu", "price_usd_per_hour": 2.0, "power_kw_per_accelerator": 1.0}]
    question: dict[str, Any] = {"minimise": "power", "budget_usd_per_hour": 6.0}
    assert cheapest(tmp_path, supply, 30.0, question=question)[0] == pytest.approx(3.0)
    assert cheapest(tmp_path, supply, 30.1, question=question) == (None, {})


def test_power_of_a_node_counts_whole(tmp_path: Path) -> None:
    supply = [{"accelerator": "gpu", "price_usd_per_hour": 2.0, "unit": 8, "power_kw_per_accelerator": 1.25}]
    question = {"minimise": "power"}
    assert cheapest(tmp_path, supply, 90.0, question=question)[0] == pytest.approx(2 * 8 * 1.25)
    assert cheapest(tmp_path, supply, 90.0, power_limit_kw=19.9) == (None, {})


@pytest.mark.parametrize(
    ("spares", "rate", "gpus"),
    [({"number": 2}, 30.0, 5), ({"share": "20%"}, 100.0, 12), ({"number": 1, "share": "20%"}, 30.0, 4)],
)
def test_spares_stand_beside_the_instances(
    tmp_path: Path, spares: dict[str, Any], rate: float, gpus: int
) -> None:
    supply = [{"accelerator": "gpu", "price_usd_per_hour": 1.0}]
    assert cheapest(tmp_path, supply, rate, spares=spares) == (pytest.approx(gpus), {"gpu": gpus})
