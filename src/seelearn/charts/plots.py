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
    """Draw points, and curves as they are at the step that is looked at, on a picture if there is one."""
    now = panel.base().transform_filter(NOW)
    picture = (
        now.transform_filter("datum.kind == 'image'")
        .transform_calculate(left="datum.x[0]", right="datum.x[1]", lower="datum.y[0]", upper="datum.y[1]")
        .mark_image(aspect=False)
        .encode(x=_axis(panel, "x", "left"), y=_axis(panel, "y", "lower"), x2="right:Q", y2="upper:Q", url="url:N")
    )
    base = (
        now.transform_filter("datum.kind != 'image'")
        .transform_calculate(words="datum.labels || []")
        .transform_flatten(["x", "y", "words"], ["x", "y", "label"])
    )
    x, y = _axis(panel, "x", "x"), _axis(panel, "y", "y")
    channels = {"x": x, "y": y, "color": panel.colour()}
    dots = base.transform_filter("datum.kind == 'points'")
    points = dots.mark_circle(size=panel.about.get("size", 12), opacity=panel.about.get("opacity", 0.5))
    curves = (
        base.transform_filter("datum.kind == 'curve'")
        .transform_window(place="row_number()")  # a curve may turn back: its points are joined as they come
        .mark_line(strokeWidth=2.5)
        .encode(order="place:Q")
    )
    labelled = dots.transform_filter("isValid(datum.label)").encode(x=x, y=y, text="label:N")
    # Whatever lies below a word, a picture perhaps: a rim in the colour of the ground keeps it readable.
    said = [labelled.mark_text(dy=-11, fontSize=11, style=style) for style in ("halo", "text")]
    layers = alt.layer(picture, points.encode(**channels), curves.encode(**channels), *said)
    return panel.finish(layers.properties(width=WIDTH, height=HEIGHT))


def _axis(panel: Panel, axis: str, field: str) -> Any:
    """Return what places marks along x or y; a plot whose x or y has no title is a drawing, without an axis there."""
    place = getattr(alt, axis.upper())
    if axis not in panel.about:
        room = alt.Scale(nice=False, zero=False, padding=36)  # for the words at the outer points
        return place(f"{field}:Q", axis=None, scale=room)
    if panel.about.get({"x": "log_x", "y": "log"}[axis]):
        scale = alt.Scale(type="log", nice=False)
    else:
        scale = alt.Scale(nice=False) if axis == "x" else alt.Scale()
    return place(f"{field}:Q", title=panel.label(axis), scale=scale)


def bars(panel: Panel) -> Any:
    """Draw curves as they are at the step that is looked at as bars, those of several series side by side."""
    base = panel.base().transform_filter(NOW).transform_flatten(["x", "y"])
    names = list(panel.names.values())
    drawn = base.mark_bar().encode(
        x=alt.X("x:O", title=panel.label("x"), axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        xOffset=alt.XOffset("arm:N", sort=names),
        y=alt.Y("y:Q", title=panel.label("y")),
        color=panel.colour(),
        tooltip=[
            panel.named("arm:N"),
            alt.Tooltip("x:O", title=panel.label("x")),
            alt.Tooltip("y:Q", title=panel.label("y"), format=".4g"),
        ],
    )
    return panel.finish(drawn.properties(width=WIDTH, height=HEIGHT))
