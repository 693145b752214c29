"""Curves and points."""

from typing import Any

import altair as alt

from seelearn.charts.panel import HEIGHT, NOW, WIDTH, Panel


def lines(panel: Panel) -> Any:
    """Draw curves that grow with the steps, and a rule at the step that is looked at."""
    base = panel.base()
    x = alt.X(
        "step:Q",
        title=panel.label("x"),
        scale=alt.Scale(domain=alt.ExprRef("[0, total]")),
        axis=alt.Axis(format="d", values=alt.ExprRef("sequence(0, total + 1, ceil(total / 12))")),
    )
    scale = alt.Scale(type="log", nice=False) if panel.about.get("log") else alt.Scale(zero=False)
    grown = base.mark_line(point=True).encode(
        x=x,
        y=alt.Y("y:Q", title=panel.label("y"), scale=scale),
        color=panel.colour(),
        tooltip=[
            panel.named("arm:N"),
            alt.Tooltip("step:Q", title=panel.label("x")),
            alt.Tooltip("y:Q", title=panel.label("y"), format=".5g"),
        ],
    )
    cursor = (
        base.transform_filter("datum.step == now")
        .transform_aggregate(step="min(step)")
        .mark_rule(strokeDash=[4, 4], opacity=0.6)
        .encode(x="step:Q")
    )
    return panel.finish(alt.layer(grown, cursor).properties(width=WIDTH, height=HEIGHT))


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
