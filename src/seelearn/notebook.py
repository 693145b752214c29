"""A lesson inside a Jupyter notebook: what the last cell of a downloaded notebook calls."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from seelearn import charts
from seelearn.engine.frameworks import FRAMEWORKS, seed_everything
from seelearn.events import Event
from seelearn.labels import sentence
from seelearn.show import Show


@contextmanager
def watching(labels: dict[str, Any], framework: str, language: str, seed: int) -> Iterator[Show]:
    """Seed everything, hand out the `show` of a run, and draw below the cell what came through it.

    `labels` is what the lesson's lesson.toml says, in this language at least. Raises `UserError` if the framework is
    not installed.
    """
    FRAMEWORKS[framework].require()
    seed_everything(FRAMEWORKS[framework], seed)
    events: list[Event] = []
    yield Show(events.append)
    for event in events:
        if event["kind"] == "note":
            print(sentence(labels, event, language))
    _draw(labels, events, language)


def _draw(labels: dict[str, Any], events: list[Event], language: str) -> None:
    import altair  # noqa: PLC0415 (0.5 s, after the run)
    from IPython.display import display  # noqa: PLC0415 (there is one in every notebook)

    now, total = charts.extent(events)
    slider = {"input": "range", "min": 0, "max": total, "step": 1, "name": f"{labels['steps'][language]} "}
    for key, about in labels["charts"].items():
        spec = charts.fill(charts.draw(key, labels, language), events, now, total)
        if any(row["step"] is not None for row in spec["datasets"][key]):  # something in it moves
            spec["params"] = [
                {**param, "bind": slider} if param["name"] == "now" else param for param in spec["params"]
            ]
        spec["title"] = about["title"][language]
        display(altair.Chart.from_dict(spec))
