"""One Vega-Lite chart for each kind of panel; the page, the report and the picture all draw these.

A chart's data set is the list of its events, just as they were recorded; the chart unfolds them. Three signals move it:
`now`, the step that is looked at, `total`, the number of steps, and `shown`, the names in the legend.
"""

import json
from collections.abc import Callable
from typing import Any

import altair as alt

from seelearn.events import Event
from seelearn.labels import words

PALETTE = ["#e07000", "#0072b2", "#009e73", "#b04a8f", "#8c6d31", "#7a7a7a"]
"""Okabe and Ito's colours for any eye, darkened to a contrast of 3:1 on white and on the page's dark ground."""

TAIL = "#b04a8f"
WIDTH, HEIGHT = 440, 260
CELL, GAP = (84, 52), 6
"""Sizes in pixels of a chart and of one cell in the grid of layers; the page narrows them to its own width."""

Spec = dict[str, Any]


def draw(key: str, labels: dict[str, Any], language: str) -> Spec:
    """Return the Vega-Lite chart `key` of a lesson, whose lesson.toml is `labels`, with its data set left open.

    The data set is named after the chart; `usermeta.source` names the chart whose events belong in it.
    """
    about = labels["charts"][key]
    spec: Spec = KINDS[about["kind"]](_Panel(key, about, labels, language)).to_dict()
    return spec


def fill(spec: Spec, events: list[Event], now: int, total: int) -> Spec:
    """Return the chart with its events and signals set, for a picture that does not move."""
    about = spec["usermeta"]
    rows = [event for event in events if event.get("chart") == about["source"]]
    shown = list(dict.fromkeys(about["names"][str(row.get("series"))] for row in rows))
    values = {"now": now, "total": total, "shown": shown}
    params = [{**param, "value": values[param["name"]]} for param in spec["params"]]
    return {**spec, "params": params, "datasets": {spec["name"]: rows}}


class _Panel:
    """What a chart needs of its lesson: words in one language, and the colours of its series."""

    def __init__(self, key: str, about: dict[str, Any], labels: dict[str, Any], language: str) -> None:
        self.key = key
        self.about = about
        self.source = about.get("of", key)
        self.language = language
        self.words = words(language, "charts")
        self.names = {s: labels["series"][s][language] for s in about["series"]}

    def label(self, name: str) -> str:
        return str(self.about[name][self.language])

    @property
    def _arm(self) -> str:
        """An expression that gives the label of a row's series."""
        return f"{json.dumps(self.names, ensure_ascii=False)}[datum.series]"

    def base(self) -> alt.Chart:
        """Return a chart of the panel's events, each with the label of its series in `arm`."""
        return alt.Chart(alt.NamedData(name=self.key)).transform_calculate(arm=self._arm)

    def colour(self, **options: Any) -> alt.Color:
        legend = alt.Legend(title=None, orient="top", values=alt.ExprRef("shown"), columns=3, symbolOpacity=1)
        scale = alt.Scale(domain=list(self.names.values()), range=PALETTE[: len(self.names)])
        return alt.Color("arm:N", **{"scale": scale, "legend": legend, **options})

    def finish(self, chart: Any) -> Any:
        """Add what all kinds share: the signals, and in `usermeta` the labels of the series."""
        chart = chart.add_params(
            alt.param(name="now", value=0),
            alt.param(name="total", value=1),
            alt.param(name="shown", value=[]),
        )
        return chart.properties(name=self.key, usermeta={"names": self.names, "source": self.source}).configure_view(
            stroke=None
        )


NOW = "datum.step == null || datum.step == now"


def _lines(panel: _Panel) -> Any:
    base = panel.base()
    x = alt.X(
        "step:Q",
        title=panel.label("x"),
        scale=alt.Scale(domain=alt.ExprRef("[0, total]")),
        axis=alt.Axis(format="d", values=alt.ExprRef("sequence(0, total + 1, ceil(total / 12))")),
    )
    scale = alt.Scale(type="log", nice=False) if panel.about.get("log") else alt.Scale(zero=False)
    lines = base.mark_line(point=True).encode(
        x=x,
        y=alt.Y("y:Q", title=panel.label("y"), scale=scale),
        color=panel.colour(),
        tooltip=["arm:N", "step:Q", alt.Tooltip("y:Q", format=".5g")],
    )
    cursor = (
        base.transform_filter("datum.step == now")
        .transform_aggregate(step="min(step)")
        .mark_rule(strokeDash=[4, 4], opacity=0.6)
        .encode(x="step:Q")
    )
    return panel.finish(alt.layer(lines, cursor).properties(width=WIDTH, height=HEIGHT))


def _plot(panel: _Panel) -> Any:
    base = panel.base().transform_filter(NOW).transform_flatten(["x", "y"])
    channels = {
        "x": alt.X("x:Q", title=panel.label("x"), scale=alt.Scale(nice=False)),
        "y": alt.Y("y:Q", title=panel.label("y")),
        "color": panel.colour(),
    }
    points = base.transform_filter("datum.kind == 'points'").mark_circle(size=12, opacity=0.5)
    curves = base.transform_filter("datum.kind == 'curve'").mark_line(strokeWidth=2.5)
    layers = alt.layer(points.encode(**channels), curves.encode(**channels))
    return panel.finish(layers.properties(width=WIDTH, height=HEIGHT))


def _unfolded(panel: _Panel) -> Any:
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


def _layers(panel: _Panel) -> Any:
    """Draw a grid of histograms: a row for each series and stage, a column for each layer."""
    words = panel.words
    stages = [words["before"], words["after"]]
    rows = [[arm, stage] for arm in panel.names.values() for stage in stages]
    base = (
        _unfolded(panel)
        .transform_calculate(before="datum.one.before", after="datum.one.after")
        .transform_fold(["before", "after"], ["stage", "seen"])
        .transform_calculate(
            # Numbers, because Vega sorts its cells by value and their headers by name.
            row=f"2 * indexof({list(panel.names)}, datum.series) + (datum.stage == 'after')",
            counts="datum.seen.counts",
            bin="(datum.seen.high - datum.seen.low) / (datum.seen.counts.length - 2)",
            nan="datum.seen.nan + ' NaN'",
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
    cell = alt.Chart(base.data)
    bars = cell.mark_bar(binSpacing=0).encode(
        x=alt.X(
            "left:Q",
            bin="binned",
            axis=alt.Axis(
                tickCount=3,
                title=None,
                grid=False,
                tickSize=3,
                labelFontSize=8,
                labelOverlap=True,
                labelFlush=8,
                format="~r",
            ),
        ),
        x2="right:Q",
        y=alt.Y("count:Q", axis=None),
        color=alt.condition("datum.tail", alt.value(TAIL), panel.colour(legend=None)),
        tooltip=[
            alt.Tooltip("arm:N", title=" "),
            alt.Tooltip("layer:N", title=words["layer"]),
            alt.Tooltip("count:Q", title=words["count"]),
            alt.Tooltip("left:Q", title=words["from"], format=".3g"),
            alt.Tooltip("right:Q", title=words["to"], format=".3g"),
        ],
    )
    nan = cell.transform_filter("datum.place == 1 && datum.seen.nan > 0").mark_text(fontSize=10, color=TAIL)
    nan = nan.encode(x=alt.XValue(CELL[0] / 2), y=alt.YValue(CELL[1] / 2), text="nan:N")
    grid = (
        alt.layer(bars, nan)
        .properties(width=CELL[0], height=CELL[1])
        .facet(
            row=alt.Row(
                "row:O",
                title=None,
                header=alt.Header(
                    labelExpr=f"{json.dumps(rows, ensure_ascii=False)}[datum.value]",
                    labelAngle=0,
                    labelAlign="left",
                ),
            ),
            column=alt.Column(
                "depth:O",
                title=None,
                header=alt.Header(labelExpr=f"datum.value == 0 ? {json.dumps(words['input'])} : 'L' + datum.value"),
            ),
            # Plots stand at equal distances, whatever their labels: the page computes their width.
            bounds="flush",
            spacing={"row": 20, "column": GAP},
        )
        .resolve_scale(x="independent", y="independent")
    )
    grid.transform = base.transform  # before the rows are dealt out to the cells
    return panel.finish(grid)


def _health(panel: _Panel) -> Any:
    """Three small charts over the layers: signal, saturated values, dead units."""

    def one(name: str, scale: alt.Scale, **axis: Any) -> Any:
        return (
            _unfolded(panel)
            .transform_filter("datum.depth > 0")
            .transform_calculate(value=f"datum.one.{name}")
            .mark_line(point=True)
            .encode(
                x=alt.X("depth:O", title=panel.words["layer"], axis=alt.Axis(labelAngle=0)),
                y=alt.Y("value:Q", title=None, scale=scale, axis=alt.Axis(**axis)),
                color=panel.colour(),
                tooltip=["arm:N", "layer:N", alt.Tooltip("value:Q", format=".4g")],
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


KINDS: dict[str, Callable[[_Panel], Any]] = {
    "lines": _lines,
    "plot": _plot,
    "layers": _layers,
    "health": _health,
}
