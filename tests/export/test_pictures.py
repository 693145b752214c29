"""The pictures: every chart, with Chinese that can be read."""

import io

import pytest
from PIL import Image, ImageChops

from seelearn import charts
from seelearn.engine.catalogue import Lesson
from seelearn.engine.recording import Recording
from seelearn.events import Event
from seelearn.export.pictures import FONT, picture, render, renderer
from seelearn.show import Show


@pytest.mark.parametrize("key", ["layers", "health", "loss", "fit", "data", "activations"])
def test_every_chart_becomes_a_picture(lesson: Lesson, recorded: Recording, key: str) -> None:
    with Image.open(io.BytesIO(picture(recorded, lesson, key, "zh"))) as image:
        assert image.width > 600
        colours = image.convert("RGB").getcolors(2**24)
        assert colours is not None
        assert len(colours) > 20


def test_pictures_are_the_same_every_time(lesson: Lesson, recorded: Recording) -> None:
    assert picture(recorded, lesson, "loss", "zh") == picture(recorded, lesson, "loss", "zh")


def test_a_plot_of_a_picture_alone_is_drawn() -> None:
    said = dict.fromkeys(("zh", "en"), "P")
    chart = {"kind": "plot", "series": ["a"], "title": said, "x": said, "y": said}
    labels = {"steps": said, "series": {"a": said}, "charts": {"p": chart}}
    events: list[Event] = []
    for _ in Show(events.append).steps(0):
        Show(events.append).image("p", "a", [[0, 1], [1, 0]], x=(0, 1), y=(0, 1))
    spec = charts.fill(charts.draw("p", labels, "en"), events, *charts.extent(events))
    with Image.open(io.BytesIO(render(spec))) as image:
        dark = image.convert("L").point([255] * 60 + [0] * 196).getbbox()
    assert dark is not None, "half of the picture is black"
    assert dark[2] - dark[0] > 300


def glyph(character: str) -> Image.Image:
    spec = {"data": {"values": [{}]}, "width": 40, "height": 40, "config": {"font": FONT},
            "mark": {"type": "text", "fontSize": 30}, "encoding": {"text": {"value": character}}}  # fmt: skip
    return Image.open(io.BytesIO(renderer().vegalite_to_png(spec))).convert("L")


def test_chinese_is_drawn_with_our_font_not_with_boxes() -> None:
    shapes = [glyph(character) for character in "误差层"]
    for one, other in ((0, 1), (1, 2), (0, 2)):
        assert ImageChops.difference(shapes[one], shapes[other]).getbbox() is not None
