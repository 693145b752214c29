"""Curves and points."""

from typing import Any

import altair as alt

from seelearn.charts.panel import HEIGHT, NOW, WIDTH, Panel


def lines(panel: Panel) -> Any:
    """Draw curves that grow with the steps, a rule at the step that is looked at, and the bands of many seeds below."""
    base = panel.base()
    scale = alt.Scale(type="log", nice=False) if panel.about.get("log") else alt.Scale(zero=False)
    grown = (
        base.transform_filter("datum.kind == 'line'")
        .mark_line(point=True)
        .encode(
            x=_steps(panel, "step:Q"),
            y=alt.Y("y:Q", title=panel.label("y"), scale=scale),
            color=panel.colour(),
            tooltip=[
                panel.named("arm:N"),
                alt.Tooltip("step:Q", title=panel.label("x")),
                alt.Tooltip("y:Q", title=panel.label("y"), format=".5g"),
            ],
        )
    )
    cursor = (
        base.transform_filter("datum.step == now")
        .transform_aggregate(step="min(step)")
        .mark_rule(strokeDash=[4, 4], opacity=0.6)
        .encode(x="step:Q")
    )
    layers = alt.layer(*_bands(panel, scale), grown, cursor)
    return panel.finish(layers.properties(width=WIDTH, height=HEIGHT))


def _steps(panel: Panel, field: str) -> alt.X:
    """Return the axis of the steps, from 0 to `total`."""
    return alt.X(
        field,
        title=panel.label("x"),
        scale=alt.Scale(domain=alt.ExprRef("[0, total]")),
        axis=alt.Axis(format="d", values=alt.ExprRef("sequence(0, total + 1, ceil(total / 12))")),
    )


def _bands(panel: Panel, scale: alt.Scale) -> list[Any]:
    """Draw where most seeds run: an area, their median, and what the pointer asks for."""
    words = panel.words
    base = (
        panel.base()
        .transform_filter("datum.kind == 'band'")
        .transform_flatten(["x", "low", "mid", "high"], ["at", "low", "mid", "high"])
        # Only y breaks an area, not y2.
        .transform_calculate(floor="isValid(datum.high) ? datum.low : null")
    )
    x = _steps(panel, "at:Q")
    colour = panel.colour()  # with its legend: none here would mean none for the curves either

    def y(field: str) -> alt.Y:
        return alt.Y(field, title=panel.label("y"), scale=scale)

    area = base.mark_area(opacity=0.18, invalid="break-paths-show-path-domains")
    median = base.mark_line(strokeWidth=1, strokeDash=[4, 3], invalid="break-paths-show-path-domains")
    # An area has one tooltip for all of it; an invisible rule at each step has its own.
    asked = base.mark_rule(opacity=0, strokeWidth=9).encode(
        tooltip=[
            panel.named("arm:N"),
            alt.Tooltip("at:Q", title=panel.label("x")),
            alt.Tooltip("mid:Q", title=words["median"], format=".4g"),
            alt.Tooltip("low:Q", title="10%", format=".4g"),
            alt.Tooltip("high:Q", title="90%", format=".4g"),
            alt.Tooltip("seeds:Q", title=words["seeds"], format="," if panel.language == "en" else "d"),
        ]
    )
    return [
        area.encode(x=x, y=y("floor:Q"), y2="high:Q", color=colour),
        median.encode(x=x, y=y("mid:Q"), color=colour),
        asked.encode(x=x, y=y("floor:Q"), y2="high:Q", color=colour),
    ]


def plot(panel: Panel) -> Any:
    """Draw points, and curves as they are at the step that is looked at."""
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
