"""Chart: how much each key moves the measure of a batch, the strongest on top."""

from __future__ import annotations

from planner.batch.results import BatchTables
from planner.plotting.whatif.statistics import centre, key_label, measure, swings
from planner.report.charts.chart import PALETTE, Chart, bars_height, chart, label, plain
from planner.report.extras import need
from planner.wording.numbers import known, short
from planner.wording.units import title_and_unit

ENDS = (("low", "key at its low end", PALETTE[0]), ("high", "key at its high end", PALETTE[1]))


def tornado(tables: BatchTables) -> Chart:
    """Bars from the mean at a key's low end to that at its high end, about the base."""
    bar = need("plotly.graph_objects").Bar
    rows, shown, middle = swings(tables), measure(tables), centre(tables)
    places = list(range(len(rows)))
    traces = [
        bar(
            name=name, orientation="h", y=places, x=(rows[end] - middle).tolist(), base=middle, marker={"color": shade},
            customdata=[
                [plain(key_label(str(key))), plain(_value(rows.loc[key, f"at_{end}"])), rows.loc[key, end]]
                for key in rows.index
            ],
            hovertemplate="%{customdata[0]}<br>at %{customdata[1]}: %{customdata[2]:,.2f} "
            + plain(shown.unit) + "<extra></extra>",
        )
        for end, name, shade in ENDS
    ]  # fmt: skip
    layout = {
        "barmode": "overlay",
        "xaxis": {"title": {"text": plain(f"mean {shown.label}")}},
        "yaxis": {
            "tickvals": places,
            "ticktext": [_two_lines(str(key)) for key in rows.index],
            "autorange": "reversed",
        },
        "shapes": [
            {
                "type": "line",
                "x0": middle,
                "x1": middle,
                "yref": "paper",
                "y0": 0,
                "y1": 1,
                "line": {"width": 1},
            }
        ],
    }
    summary = (
        f"Mean {shown.label} at the low and the high end of each key; the line is the base, or the mean."
    )
    return chart("tornado", "What matters most", summary, traces, layout, bars_height(len(rows)))


def _two_lines(key: str) -> str:
    """The last two words of a key path, which say what it is."""
    parts = title_and_unit(key)[0].replace("]", "").replace("[", ".").split(".")
    return label(*(part.replace("_", " ") for part in parts[-2:]))


def _value(value: object) -> str:
    return short(float(value)) if isinstance(value, int | float) and known(value) else str(value)
