"""The layers of networks: a grid of histograms, and the health of each layer."""

import json
from typing import Any

import altair as alt

from seelearn.charts.panel import HEIGHT, NOW, WIDTH, Panel

TAIL = "#d81b60"
"""The colour of what lies beyond the axis: no series has it."""
CELL, GAP = (84, 52), 6
"""The size in pixels of one cell of the grid, and what lies between two; the page narrows both to its own width."""


def layers(panel: Panel) -> Any:
    """Draw a grid of histograms: a row for each series and stage, a column for each layer."""
    words = panel.words
    rows = [[arm, stage] for arm in panel.names.values() for stage in (words["before"], words["after"])]
    unfolded = _bars(panel)
    row = alt.Header(labelExpr=f"{json.dumps(rows, ensure_ascii=False)}[datum.value]", labelAngle=0, labelAlign="left")
    column = alt.Header(labelExpr=f"datum.value == 0 ? {json.dumps(words['input'])} : 'L' + datum.value")
    grid = (
        _cell(panel, alt.Chart(unfolded.data))
        .properties(width=CELL[0], height=CELL[1])
        .facet(
            row=alt.Row("row:O", title=None, header=row),
            column=alt.Column("depth:O", title=None, header=column),
            # Plots stand at equal distances, whatever their labels: the page computes their width.
            bounds="flush",
            spacing={"row": 20, "column": GAP},
        )
        .resolve_scale(x="independent", y="independent")
    )
    grid.transform = unfolded.transform  # before the rows are dealt out to the cells
    return panel.finish(grid)


def _unfold(panel: Panel) -> Any:
    """Turn each event of kind `layers` into one row a layer: `one`."""
    return (
        panel.base()
        .transform_filter(NOW)
        .transform_flatten(["layers"], ["one"])
        .transform_calculate(
            layer=f"datum.one.name == 'input' ? {json.dumps(panel.words['input'])} : 'L' + datum.one.name",
            depth="datum.one.name == 'input' ? 0 : toNumber(datum.one.name)",
        )
    )


def _bars(panel: Panel) -> Any:
    """Turn each row of `_unfold` into one row a bar: `count` from `left` to `right`."""
    return (
        _unfold(panel)
        .transform_calculate(before="datum.one.before", after="datum.one.after")
        .transform_fold(["before", "after"], ["stage", "seen"])
        .transform_calculate(
            # Numbers, because Vega places cells in the order of the data when a facet is sorted by names.
            row=f"2 * indexof({list(panel.names)}, datum.series) + (datum.stage == 'after')",
            counts="datum.seen.counts",
            bin="(datum.seen.high - datum.seen.low) / (datum.seen.counts.length - 2)",
            nan="datum.seen.nan + ' NaN'",
            mean="datum.seen.mean",
            std="datum.seen.std",
        )
        .transform_flatten(["counts"], ["count"])
        # The first count is what lies below the range and the last what lies above: drawn one bin outside it.
        .transform_window(place="row_number()", groupby=["row", "depth"])
        .transform_calculate(
            left="datum.seen.low + (datum.place - 2) * datum.bin",
            right="datum.left + datum.bin",
            tail="datum.place == 1 || datum.place == datum.seen.counts.length",
        )
    )


def _cell(panel: Panel, chart: Any) -> Any:
    """Draw one histogram, its tails in their own colour, and the number of NaN if there are any."""
    words = panel.words
    axis = alt.Axis(
        tickCount=3, title=None, grid=False, tickSize=3, labelFontSize=8, labelOverlap=True, labelFlush=8, format="~r"
    )
    bars = chart.mark_bar(binSpacing=0).encode(
        x=alt.X("left:Q", bin="binned", axis=axis),
        x2="right:Q",
        y=alt.Y("count:Q", axis=None),
        color=alt.condition("datum.tail", alt.value(TAIL), panel.colour(legend=None)),
        tooltip=[
            panel.named("arm:N"),
            alt.Tooltip("layer:N", title=words["layer"]),
            alt.Tooltip("count:Q", title=words["count"]),
            alt.Tooltip("left:Q", title=words["from"], format=".3g"),
            alt.Tooltip("right:Q", title=words["to"], format=".3g"),
            alt.Tooltip("mean:Q", title=words["mean"], format=".3g"),
            alt.Tooltip("std:Q", title=words["std"], format=".3g"),
        ],
    )
    nan = chart.transform_filter("datum.place == 1 && datum.seen.nan > 0").mark_text(align="left", color=TAIL)
    return alt.layer(bars, nan.encode(x=alt.XValue(2), y=alt.YValue(CELL[1] / 2), text="nan:N"))


def health(panel: Panel) -> Any:
    """Draw three small charts over the layers: signal, saturated values, dead units."""

    def one(name: str, scale: alt.Scale, **axis: Any) -> Any:
        return (
            _unfold(panel)
            .transform_filter("datum.depth > 0")
            .transform_calculate(value=f"datum.one.{name}")
            .mark_line(point=True)
            .encode(
                x=alt.X("depth:O", title=panel.words["layer"], axis=alt.Axis(labelAngle=0)),
                y=alt.Y("value:Q", title=None, scale=scale, axis=alt.Axis(**axis)),
                color=panel.colour(),
                tooltip=[
                    panel.named("arm:N"),
                    alt.Tooltip("layer:N", title=panel.words["layer"]),
                    alt.Tooltip("value:Q", title=panel.words[name], format=".4g"),
                ],
            )
            .properties(width=WIDTH // 2, height=HEIGHT // 2, title=panel.words[name])
        )

    share = alt.Scale(domain=[0, 1])
    return panel.finish(
        alt.concat(
            # symlog: the signal falls over many powers of ten, and to 0 itself.
            one(
                "signal",
                alt.Scale(type="symlog", constant=1e-4),
                values=[0, 1e-4, 1e-3, 1e-2, 0.1, 1],
                format="~g",
            ),
            one("saturated", share, format="%"),
            one("dead", share, format="%"),
            columns=3,
        )
    )
