"""Pictures, tables, bars and plots draw what was emitted: read back from the drawn picture."""

import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import vl_convert
from rich.console import Console

from seelearn import charts
from seelearn.events import Event
from seelearn.show import Show
from seelearn.terminal import Screen

SERIES = {name: {"en": name.upper(), "zh": f"中{name}"} for name in ("a", "b", "score")}


def svg(kind: str, draw: Callable[[Show], object], language: str = "en", **about: Any) -> str:
    chart = {"kind": kind, "series": ["a", "b"], "title": {"en": "T", "zh": "题"}, **about}
    labels = {"series": SERIES, "charts": {"c": chart}}
    events: list[Event] = []
    draw(Show(events.append))
    return str(vl_convert.vegalite_to_svg(charts.fill(charts.draw("c", labels, language), events, 0, 1)))


AXES: dict[str, Any] = {"x": {"en": "x", "zh": "x"}, "y": {"en": "y", "zh": "y"}}


def texts(drawn: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]+)</text>", drawn)


def numbers(drawn: str, attribute: str, mark: str) -> list[float]:
    return [float(n) for n in re.findall(rf'<{mark}[^>]* {attribute}="([-\d.]+)"', drawn)]


def test_pictures_stand_side_by_side_below_their_names() -> None:
    def draw(show: Show) -> None:
        show.image("c", "a", np.eye(4))
        show.image("c", "b", np.eye(4))

    drawn = svg("images", draw)
    assert drawn.count("<image ") == 2
    assert texts(drawn) == ["A", "B"]
    assert texts(svg("images", draw, "zh")) == ["中a", "中b"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_table_shows_every_value_in_its_place(language: str) -> None:
    def draw(show: Show) -> None:
        show.table("c", "a", [[0.123456, "score"], [float("nan"), "as it is"]], ["score", "r2"], ["n", "word"])

    drawn = svg("table", draw, language)
    label = SERIES["score"][language]
    a = SERIES["a"][language]
    for text in ("0.1235", "NaN", "as it is", "n", "word", f"{a} · r2", f"{a} · {label}", label):
        assert texts(drawn).count(text) == 1


def test_one_table_alone_names_only_its_rows() -> None:
    drawn = svg("table", lambda show: show.table("c", "a", [[1]], ["score"], ["n"]), series=["a"])
    assert sorted(texts(drawn)) == ["1", "SCORE", "n"]


def test_the_larger_a_number_the_darker_its_cell() -> None:
    drawn = svg("table", lambda show: show.table("c", "a", [[1, 2, 3]]), colour=True)
    cells = [float(o) for o in re.findall(r'fill="#0072b2"[^>]* opacity="([\d.]+)"', drawn)]
    assert len(cells) == 3
    assert cells == sorted(cells)
    assert cells[0] < cells[2]


def test_bars_are_as_high_as_their_values() -> None:
    def draw(show: Show) -> None:
        show.curve("c", "a", [0, 1, 2], [1, 2, 4])
        show.curve("c", "b", [0, 1, 2], [3, 3, 3])

    marks = re.findall(
        r'aria-label="([^"]*)" role="graphics-symbol" aria-roledescription="bar"', svg("bars", draw, **AXES)
    )
    said = sorted(tuple(dict(f.split(": ", 1) for f in mark.split("; "))[k] for k in ("x", "y")) for mark in marks)
    assert said == [("0", "1"), ("0", "3"), ("1", "2"), ("1", "3"), ("2", "3"), ("2", "4")]


def test_a_curve_may_turn_back() -> None:
    def draw(show: Show) -> None:
        angle = np.linspace(0, 2 * np.pi, 9)
        show.curve("c", "a", np.cos(angle), np.sin(angle))

    drawn = svg("plot", draw, **AXES)
    (path,) = re.findall(r'aria-roledescription="line mark"[^>]* d="([^"]+)"', drawn) or re.findall(
        r'd="([^"]+)"[^>]*aria-roledescription="line mark"', drawn
    )
    xs = [float(x) for x in re.findall(r"[ML]([-\d.]+),", path)]
    assert xs[0] == pytest.approx(xs[-1])
    assert min(xs) == xs[4]


def test_a_gap_in_a_curve_stays_a_gap() -> None:
    drawn = svg("plot", lambda show: show.curve("c", "a", [0, 1, np.nan, 0, 1], [0, 1, np.nan, 1, 0]), **AXES)
    assert max(path.count("M") for path in re.findall(r' d="([^"]+)"', drawn)) == 2


def test_words_and_a_picture_stand_in_a_plot() -> None:
    def draw(show: Show) -> None:
        show.image("c", "b", np.eye(2), x=(-4, 4), y=(-8, 8))
        show.points("c", "a", [0, 1], [0, 1], ["here", "there"])

    drawn = svg("plot", draw, **AXES)
    assert drawn.count("<image ") == 1
    assert {"here", "there"} <= set(texts(drawn))
    assert {"−4", "4", "−8", "8"} <= set(texts(drawn)), "the axes reach as far as the picture"


def test_both_axes_can_be_logarithmic() -> None:
    drawn = svg("plot", lambda show: show.curve("c", "a", [1, 10, 1000], [1, 10, 1000]), **AXES, log=True, log_x=True)
    (path,) = [d for d in re.findall(r' d="([^"]+)"', drawn) if d.count("L") == 2 and "Z" not in d]
    x, y = zip(*[map(float, pair.split(",")) for pair in re.findall(r"[-\d.]+,[-\d.]+", path)], strict=True)
    assert (x[1] - x[0]) / (x[2] - x[0]) == pytest.approx(1 / 3, abs=0.01)
    assert (y[1] - y[0]) / (y[2] - y[0]) == pytest.approx(1 / 3, abs=0.01)


def test_a_terminal_prints_the_last_table() -> None:
    labels = {"steps": {"en": "Step"}, "series": SERIES, "charts": {"c": {"title": {"en": "Results"}}}}
    console = Console(record=True, width=80, force_terminal=False, file=io.StringIO())
    screen = Screen(labels, "en", console)
    events: list[Event] = []
    show = Show(events.append)
    for step in show.steps(1):
        show.table("c", "a", [[step + 0.25]], ["score"], ["[bold]"])
    for event in events:
        screen.draw(event)
    screen.finish()
    said = console.export_text()
    assert "1.25" in said
    assert "0.25" not in said.replace("1.25", "")
    assert "SCORE" in said
    assert "[bold]" in said


def test_a_plot_without_titles_of_its_axes_is_a_drawing() -> None:
    def draw(show: Show) -> None:
        show.points("c", "a", [0, 1], [0, 1], ["from", "to"])

    assert set(texts(svg("plot", draw))) == {"A", "from", "to"}
    assert {"x", "y", "0.5"} < set(texts(svg("plot", draw, **AXES)))


def test_the_legend_names_no_picture() -> None:
    def draw(show: Show) -> None:
        show.image("c", "b", np.eye(2), x=(0, 1), y=(0, 1))
        show.curve("c", "a", [0, 1], [0, 1])

    assert "A" in texts(svg("plot", draw, **AXES))
    assert "B" not in texts(svg("plot", draw, **AXES))
