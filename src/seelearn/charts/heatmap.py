"""A sweep as a map: what many seeds gave in every cell of a grid of parameters."""

import json
import math
from typing import Any
from urllib.parse import urlencode

import altair as alt

from seelearn.charts.panel import HEIGHT, PALETTE, WIDTH
from seelearn.labels import choice_label, figure, parameter_label, whole, words

GREY = "#6b7280"
"""The colour of a cell whose median is not a number."""
TURN = 0.43
"""Where on the colour scale black writing becomes easier to read than white."""

Table = dict[str, Any]
"""What `seelearn sweep` found: `axes` and `parameters` by name, and the `cells`, one for each chart and series."""


def heatmap(table: Table, labels: dict[str, Any], language: str, *, link: bool) -> dict[str, Any]:
    """Return a Vega-Lite chart of a sweep: a plot for each series, a coloured cell for each pair of values.

    A sweep along one axis becomes lines with their bands. With `link`, each cell leads to its run, a query of the
    lesson's page. `usermeta` says what the page needs to fit it to its width.
    """
    chart = table["cells"][0]["chart"]
    about = labels["charts"][chart]
    across, *others = sorted(table["axes"], key=lambda name: -len(table["axes"][name]))
    rows = map_rows(table, labels, language)
    draw = _grid if others else _lines
    titles = [parameter_label(labels, name, language) for name in (across, *others)]
    spec: dict[str, Any] = draw(rows, titles, about, language, link=link)
    return spec


def map_rows(table: Table, labels: dict[str, Any], language: str) -> list[dict[str, Any]]:
    """Return every cell of the sweep's first chart as a reader sees it: its labels, its numbers, and its query."""
    said = words(language, "map")
    chart = table["cells"][0]["chart"]
    across, *others = sorted(table["axes"], key=lambda name: -len(table["axes"][name]))
    series = list(dict.fromkeys(cell["series"] for cell in table["cells"] if cell["chart"] == chart))
    rows = []
    for one in table["cells"]:
        if one["chart"] != chart:
            continue
        cell = one["cell"]

        def span(low: float | None, high: float | None) -> str:
            return said["span"].format(low=figure(low, language), high=figure(high, language))

        rows.append(
            {
                "value": cell[across],
                "x": _label(labels, across, cell[across], language),
                "y": said["and"].join(_label(labels, name, cell[name], language) for name in others),
                "series": one["series"],
                "arm": labels["series"][one["series"]][language],
                "place": series.index(one["series"]),
                "mid": one["mid"],
                "low": one["low"],
                "high": one["high"],
                "text": figure(one["mid"], language, digits=3),
                "median": figure(one["mid"], language),
                "interval": span(one["interval_low"], one["interval_high"]),
                "middle": span(one["low"], one["high"]),
                "seeds": whole(one["seeds"], language),
                "nan": whole(one["nan"], language),
                "href": f"?{urlencode({k: _value(v) for k, v in {**table['parameters'], **cell}.items()})}#lab",
            }
        )
    return rows


def _grid(rows: list[dict[str, Any]], titles: list[str], about: dict[str, Any], language: str, *, link: bool) -> Any:
    """Draw the coloured cells, each with its median."""
    said = words(language, "map")
    xs = _order(rows, "x", numbers=all(isinstance(row["value"], int | float) for row in rows))
    ys = list(dict.fromkeys(row["y"] for row in rows))
    names = list(dict.fromkeys(row["arm"] for row in rows))
    real = [row["mid"] for row in rows if row["mid"] is not None]
    low, high = (min(real), max(real)) if real else (1, 2)
    log = bool(about.get("log")) and low > 0
    for row in rows:
        row["dark"] = _dark(row["mid"], low, high, log=log)
    extent = 8 + max(_width(y) for y in ys)
    base = alt.Chart().encode(
        x=alt.X("x:N", title=titles[0], sort=xs, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        y=alt.Y("y:N", title=said["and"].join(titles[1:]), sort=ys, axis=alt.Axis(minExtent=extent, maxExtent=extent)),
        tooltip=_tooltip(titles, said),
        **({"href": "href:N"} if link else {}),
    )
    scale = alt.Scale(type="log" if log else "linear", scheme="viridis", domain=[low, high], nice=False)
    legend = alt.Legend(title=about["y"][language], orient="bottom", gradientLength=200, titleLimit=300)
    cursor: dict[str, Any] = {"cursor": "pointer"} if link else {}
    coloured = base.transform_filter("isValid(datum.mid)").mark_rect(**cursor)
    gone = base.transform_filter("!isValid(datum.mid)").mark_rect(color=GREY, **cursor)
    text = base.mark_text(fontSize=alt.ExprRef("letter"), **cursor)
    header = alt.Header(labelExpr=f"{json.dumps(names, ensure_ascii=False)}[datum.value]", labelFontSize=12)
    cells = alt.layer(
        coloured.encode(color=alt.Color("mid:Q", scale=scale, legend=legend)),
        gone,
        text.encode(text="text:N", color=alt.condition("datum.dark", alt.value("white"), alt.value("black"))),
    ).properties(width=max(WIDTH // 2, 34 * len(xs)), height=26 * len(ys))
    grid = cells.facet(facet=alt.Facet("place:O", title=None, header=header), columns=2, data=alt.Data(values=rows))
    letters = max(len(row["text"]) for row in rows)
    meta = {"extent": extent, "columns": len(names), "cells": len(xs), "letters": letters}
    return grid.add_params(alt.param(name="letter", value=10)).properties(usermeta=meta).to_dict()


def _lines(rows: list[dict[str, Any]], titles: list[str], about: dict[str, Any], language: str, *, link: bool) -> Any:
    """Draw a line for each series, and where the middle 80% of the seeds lie."""
    said = words(language, "map")
    numbers = all(isinstance(row["value"], int | float) for row in rows)
    x = (
        alt.X("value:Q", title=titles[0], scale=alt.Scale(nice=False))
        if numbers
        else alt.X("x:N", title=titles[0], sort=_order(rows, "x", numbers=False), axis=alt.Axis(labelAngle=0))
    )
    scale = alt.Scale(type="log", nice=False) if about.get("log") else alt.Scale(zero=False)
    names = list(dict.fromkeys(row["arm"] for row in rows))
    colour = alt.Color(
        "arm:N",
        scale=alt.Scale(domain=names, range=PALETTE[: len(names)]),
        legend=alt.Legend(title=None, orient="top", columns=3, symbolOpacity=1),
    )
    base = alt.Chart(alt.Data(values=rows)).encode(x=x, color=colour)
    axis = about["y"][language]
    spread = base.mark_area(opacity=0.18) if numbers else base.mark_rule(opacity=0.4, strokeWidth=6)
    cursor: dict[str, Any] = {"cursor": "pointer"} if link else {}
    points = base.mark_point(filled=True, size=60, **cursor).encode(
        y=alt.Y("mid:Q", title=axis, scale=scale),
        tooltip=_tooltip(titles, said),
        **({"href": "href:N"} if link else {}),
    )
    layers = [
        spread.encode(y=alt.Y("low:Q", title=axis, scale=scale), y2="high:Q"),
        *([base.mark_line().encode(y=alt.Y("mid:Q", title=axis, scale=scale))] if numbers else []),
        points,
    ]
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, usermeta={}).to_dict()


def _tooltip(titles: list[str], said: dict[str, str]) -> list[alt.Tooltip]:
    places = [("arm", " "), *zip(("x", "y"), (titles[0], said["and"].join(titles[1:])), strict=True)]
    numbers = [(name, said[name]) for name in ("median", "interval", "middle", "seeds", "nan")]
    return [alt.Tooltip(f"{name}:N", title=title) for name, title in [*places, *numbers] if title]


def _label(labels: dict[str, Any], name: str, value: Any, language: str) -> str:
    return choice_label(labels, name, value, language) if isinstance(value, str) else figure(value, language)


def _value(value: Any) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _order(rows: list[dict[str, Any]], field: str, *, numbers: bool) -> list[str]:
    """Return the values of a field in the order of the axis: numbers from small to large, words as they come."""
    placed = sorted(rows, key=lambda row: float(row["value"])) if numbers else rows
    return list(dict.fromkeys(row[field] for row in placed))


def _dark(value: float | None, low: float, high: float, *, log: bool) -> bool:
    """Whether a cell's colour is so dark that white is easier to read on it."""
    if value is None or low == high:
        return True
    return (math.log(value / low) / math.log(high / low) if log else (value - low) / (high - low)) < TURN


def _width(label: str) -> int:
    """Return about how many pixels a label takes: a Chinese character is twice as wide as a Latin one."""
    return sum(11 if ord(letter) > 0x2E7F else 6 for letter in label)
