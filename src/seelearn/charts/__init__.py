"""One Vega-Lite chart for each kind of panel; the page, the report and the picture all draw these.

A chart's data set is the list of its events, just as they were recorded; the chart unfolds them. Three signals move it:
`now`, the step that is looked at, `total`, the number of steps, and `shown`, the names in the legend.
"""

from collections.abc import Callable, Iterable
from typing import Any

from seelearn.charts.grids import images, table
from seelearn.charts.layers import health, layers
from seelearn.charts.panel import Panel
from seelearn.charts.plots import bars, lines, plot
from seelearn.events import Event

KINDS: dict[str, Callable[[Panel], Any]] = {
    "lines": lines,
    "plot": plot,
    "bars": bars,
    "images": images,
    "table": table,
    "layers": layers,
    "health": health,
}
"""What `kind` may say in a lesson.toml."""

Spec = dict[str, Any]


def draw(key: str, labels: dict[str, Any], language: str) -> Spec:
    """Return the Vega-Lite chart `key` of a lesson, whose lesson.toml is `labels`, with its data set left open.

    The data set is named after the chart; `usermeta.source` names the chart whose events belong in it.
    """
    about = labels["charts"][key]
    spec: Spec = KINDS[about["kind"]](Panel(key, about, labels, language)).to_dict()
    return spec


def fill(spec: Spec, events: list[Event], now: int, total: int) -> Spec:
    """Return the chart with its events and signals set, for a picture that does not move."""
    about = spec["usermeta"]
    rows = [e for e in events if e.get("chart") == about["source"] and e.get("series") in about["names"]]
    rows = _last_bands(rows)
    coloured = [row for row in rows if row["kind"] != "image"]  # a picture has colours of its own
    shown = list(dict.fromkeys(about["names"][str(row.get("series"))] for row in coloured))
    values = {"now": now, "total": total, "shown": shown}
    params = [{**param, "value": values[param["name"]]} for param in spec["params"]]
    filled = {**spec, "params": params, "datasets": {spec["name"]: rows}}
    return filled if shown or "layer" not in spec else {**filled, "layer": _without_legends(spec["layer"])}


def _without_legends(part: Any) -> Any:
    """Return a part of a chart without legends: an empty one makes a picture that has no size."""
    if isinstance(part, list):
        return [_without_legends(one) for one in part]
    if isinstance(part, dict):
        return {key: None if key == "legend" else _without_legends(value) for key, value in part.items()}
    return part


def _last_bands(rows: list[Event]) -> list[Event]:
    """Keep the last band of each series, below the curves; beside curves, only bands of the series that they show."""
    curves = [row for row in rows if row["kind"] != "band"]
    shown = {row.get("series") for row in curves}
    bands: dict[str, Event] = {}
    for row in rows:
        if row["kind"] == "band" and (row["series"] in shown or not curves):
            bands[row["series"]] = row
    return [*bands.values(), *curves]


def extent(events: Iterable[Event]) -> tuple[int, int]:
    """Return the step that events end with and how many there are to be; bands alone are as long as their axis.

    Where many seeds were measured, a step is a seed that is done, and no chart has an axis of those.
    """
    events = list(events)
    if not any(event["kind"] == "result" for event in events):
        for event in reversed(events):
            if event["kind"] == "step":
                return event["step"] or 0, event["total"]
    ends = [event["x"][-1] for event in events if event["kind"] == "band" and event["x"]]
    return (max(ends), max(ends)) if ends else (0, 1)
