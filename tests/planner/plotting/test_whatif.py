"""Statistics of what-if batches, by hand, and their figures on paper."""

from __future__ import annotations

import matplotlib
import pytest

matplotlib.use("Agg")
from matplotlib import pyplot

from planner.plotting.whatif import statistics
from planner.plotting.whatif.cost_by_key import plot_cost_by_key
from planner.plotting.whatif.distribution import plot_distribution
from planner.plotting.whatif.fleet_mix import plot_fleet_mix
from planner.plotting.whatif.frontier_overlay import plot_frontier_overlay
from planner.plotting.whatif.heat_map import plot_heat_map
from planner.plotting.whatif.tornado import plot_tornado
from tests.planner.report.test_html import batch

PRICE, PACE = "set.fleet.supply[a].price_usd_per_hour", "set.workloads.chat.min_pace_tokens_per_s"


def test_statistics_by_hand() -> None:
    tables = batch()
    # cost = 10·price + pace; pace 10…40 averages 25, price 1…3 averages 2
    price = statistics.by_value(tables, PRICE)
    assert price.loc[1.0].tolist() == [20.0, 35.0, 50.0, 4.0]
    swings = statistics.swings(tables)
    assert list(swings.index) == [PACE, PRICE]
    assert swings.loc[PACE, ["low", "high"]].tolist() == [30.0, 60.0]
    assert swings.loc[PRICE, ["low", "high"]].tolist() == [35.0, 55.0]
    assert statistics.grid_keys(tables) == (PACE, PRICE)
    assert statistics.grid(tables, PACE, PRICE).loc[3.0, 40.0] == 70.0
    assert statistics.fleet_by(tables, PRICE)["h100-sxm"].tolist() == [2.5, 2.5, 2.5]
    assert statistics.frontier_workload(tables) == "chat"
    curves = statistics.frontiers(tables, "chat")
    assert len(curves) == 3
    # a faster pace costs more: no point beats another
    assert next(iter(curves.values()))["pace"].tolist() == [10.0, 20.0, 30.0, 40.0]


def test_percentiles_are_of_the_draws() -> None:
    values = statistics.drawn(batch(draws=True))
    assert len(values) == 12 and statistics.drawn(batch()).empty
    # sorted costs: 20 30 30 40 40 40 50 50 50 60 60 70; the middle lies between 40 and 50
    assert statistics.percentiles(values)[50] == pytest.approx(45.0)


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: plot_cost_by_key(batch(), PRICE, ax),
        lambda ax: plot_fleet_mix(batch(), PRICE, ax),
        lambda ax: plot_fleet_mix(batch(), None, ax),
        lambda ax: plot_heat_map(batch(), PACE, PRICE, ax),
        lambda ax: plot_tornado(batch(), ax),
        lambda ax: plot_distribution(batch(draws=True), ax),
        lambda ax: plot_frontier_overlay(batch(), "chat", ax),
    ],
)
def test_figures_draw_on_the_axes_given_and_name_their_units(draw: object) -> None:
    figure, ax = pyplot.subplots()
    assert draw(ax) is ax  # type: ignore[operator]
    figure.canvas.draw()
    assert "[" in ax.get_xlabel()
    assert "[" in ax.get_ylabel() or ax.get_yticklabels()
    pyplot.close(figure)
