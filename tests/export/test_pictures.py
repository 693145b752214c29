"""The pictures: every chart, with Chinese that can be read."""

import shutil
from pathlib import Path

from PIL import Image, ImageChops

from seelearn.engine.catalogue import Lesson
from seelearn.engine.recording import Recording
from seelearn.export.pictures import _renderer, picture, pictures


def test_every_chart_becomes_a_picture(lesson: Lesson, recorded: Recording, tmp_path: Path) -> None:
    shutil.copytree(recorded.folder, tmp_path / "run")
    files = pictures(Recording.read(tmp_path / "run"), lesson, "zh")
    assert [file.stem for file in files] == list(lesson.labels["charts"])
    for file in files:
        with Image.open(file) as image:
            assert image.width > 600


def test_pictures_are_the_same_every_time(lesson: Lesson, recorded: Recording, tmp_path: Path) -> None:
    shutil.copytree(recorded.folder, tmp_path / "run")
    recording = Recording.read(tmp_path / "run")
    first = picture(recording, lesson, "loss", "zh").read_bytes()
    assert picture(recording, lesson, "loss", "zh").read_bytes() == first


def glyph(character: str) -> Image.Image:
    spec = {"data": {"values": [{}]}, "width": 40, "height": 40, "config": {"font": "Seelearn Sans SC"},
            "mark": {"type": "text", "fontSize": 30}, "encoding": {"text": {"value": character}}}  # fmt: skip
    import io

    return Image.open(io.BytesIO(_renderer().vegalite_to_png(spec))).convert("L")


def test_chinese_is_drawn_with_our_font_not_with_boxes() -> None:
    shapes = [glyph(character) for character in "误差层"]
    for one, other in ((0, 1), (1, 2), (0, 2)):
        assert ImageChops.difference(shapes[one], shapes[other]).getbbox() is not None
