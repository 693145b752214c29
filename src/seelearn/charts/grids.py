"""Pictures and tables."""

import json
from typing import Any

import altair as alt

from seelearn.charts.panel import NOW, PALETTE, WIDTH, Panel

SIDE = 200
"""The side in pixels of the square that a picture fills as its shape lets it; the page fits it to its own width."""
LABEL = 160
"""The pixels that the name of a row may take."""
ROW = 24
"""The height in pixels of a row of a table."""


def images(panel: Panel) -> Any:
    """Draw the pictures of the step that is looked at side by side, each value a square of one colour."""
    unfolded = (
        panel.base()
        .transform_filter(NOW)
        .transform_calculate(
            range="isValid(datum.low) ? format(datum.low, '.3~g') + ' … ' + format(datum.high, '.3~g') : ''",
            size="datum.width + ' × ' + datum.height",
        )
    )
    drawn = (
        alt.Chart(unfolded.data)
        .mark_image(aspect=True, smooth=False)
        .encode(
            # From edge to edge, whatever the width that the page gives it.
            x=alt.XValue(0),
            x2=alt.X2Value("width"),
            y=alt.YValue(0),
            y2=alt.Y2Value("height"),
            url="url:N",
            tooltip=[panel.named("arm:N"), panel.named("size:N"), panel.named("range:N")],
        )
        .properties(width=SIDE, height=SIDE)
    )
    names = json.dumps(list(panel.names.values()), ensure_ascii=False)
    placed = unfolded.transform_calculate(place=f"indexof({json.dumps(list(panel.names))}, datum.series)")
    header = alt.Header(labelExpr=f"{names}[datum.value]", title=None, labelFontSize=12)
    grid = drawn.facet(facet=alt.Facet("place:O", title=None, header=header), columns=3)
    grid.data, grid.transform = placed.data, placed.transform  # before the rows are dealt out to the cells
    return panel.finish(grid)


def table(panel: Panel) -> Any:
    """Draw the tables of the step that is looked at, one below the other.

    With `colour = true` a cell is the darker, the larger its number is in its table.
    """
    words = json.dumps(panel.every, ensure_ascii=False)

    def known(field: str) -> str:
        return f"{words}[datum.{field}] || datum.{field}"

    whose = "datum.arm + ' · ' + " if len(panel.names) > 1 else ""
    cells = (
        panel.base()
        .transform_filter(NOW)
        .transform_flatten(["rows", "values"], ["row", "cells"])
        .transform_flatten(["columns", "cells"], ["column", "value"])
        .transform_calculate(
            row=f"{whose}({known('row')})",
            column=known("column"),
            text="isNumber(datum.value) ? format(datum.value, '.4~g') "
            f": isValid(datum.value) ? {known('value')} : 'NaN'",
            number="isNumber(datum.value) ? datum.value : null",
        )
        .transform_joinaggregate(least="min(number)", most="max(number)", groupby=["series"])
        .transform_calculate(shade="(datum.number - datum.least) / (datum.most - datum.least || 1)")
    )
    plain: dict[str, Any] = {"domain": False, "ticks": False}
    cell = cells.encode(
        x=alt.X("column:N", title=_title(panel, "x"), sort=None, axis=alt.Axis(labelAngle=0, orient="top", **plain)),
        y=alt.Y("row:N", title=_title(panel, "y"), sort=None, axis=alt.Axis(minExtent=0, maxExtent=LABEL, **plain)),
    )
    shade = alt.Opacity("shade:Q", scale=alt.Scale(domain=[0, 1], range=[0.04, 0.5]), legend=None)
    box = cell.mark_rect(color=PALETTE[1]).encode(opacity=shade if panel.about.get("colour") else alt.value(0.06))
    drawn = alt.layer(box, cell.mark_text(fontSize=12).encode(text="text:N"))
    grid = panel.finish(drawn.properties(width=WIDTH, height=alt.Step(ROW)))
    return grid.properties(usermeta={**grid.usermeta, "words": panel.every})


def _title(panel: Panel, axis: str) -> str | None:
    return panel.label(axis) if axis in panel.about else None
