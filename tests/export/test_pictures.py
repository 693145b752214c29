"""The pictures: every chart, with Chinese that can be read."""

import io

import pytest
from PIL import Image, ImageChops

from seelearn.engine.catalogue import Lesson
from seelearn.engine.recording import Recording
from seelearn.export.pictures import FONT, picture, renderer


@pytest.mark.parametrize("key", ["layers", "health", "loss", "fit", "data", "activations"])
def test_every_chart_becomes_a_picture(lesson: Lesson, recorded: Recording, key: str) -> None:
    with Image.open(io.BytesIO(picture(recorded, lesson, key, "zh"))) as image:
        assert image.width > 600
        colours = image.convert("RGB").getcolors(2**24)
        assert colours is not None
        assert len(colours) > 20


def test_pictures_are_the_same_every_time(lesson: Lesson, recorded: Recording) -> None:
    assert picture(recorded, lesson, "loss", "zh") == picture(recorded, lesson, "loss", "zh")


def glyph(character: str) -> Image.Image:
    spec = {"data": {"values": [{}]}, "width": 40, "height": 40, "config": {"font": FONT},
            "mark": {"type": "text", "fontSize": 30}, "encoding": {"text": {"value": character}}}  # fmt: skip
    return Image.open(io.BytesIO(renderer().vegalite_to_png(spec))).convert("L")


def test_chinese_is_drawn_with_our_font_not_with_boxes() -> None:
    shapes = [glyph(character) for character in "误差层"]
    for one, other in ((0, 1), (1, 2), (0, 2)):
        assert ImageChops.difference(shapes[one], shapes[other]).getbbox() is not None
