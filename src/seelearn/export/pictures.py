"""The charts of a recording as PNG files."""

from functools import cache
from pathlib import Path

from seelearn import assets, charts
from seelearn.engine.catalogue import Lesson
from seelearn.engine.recording import Recording

FONT = "Seelearn Sans SC"


def pictures(recording: Recording, lesson: Lesson, language: str) -> list[Path]:
    """Draw every chart as it was at the recording's last step, into its folder; return the files."""
    return [picture(recording, lesson, key, language) for key in lesson.labels["charts"]]


def picture(recording: Recording, lesson: Lesson, key: str, language: str) -> Path:
    """Draw one chart as it was at the recording's last step; return the file."""
    steps = [event for event in recording.events if event["kind"] == "step"]
    now = steps[-1]["step"] or 0 if steps else 0
    total = steps[-1]["total"] if steps else 1
    spec = charts.fill(charts.draw(key, lesson.labels, language), recording.events, now, total)
    spec["title"] = lesson.labels["charts"][key]["title"][language]
    spec["config"] = {
        **spec["config"],
        "font": FONT,
        "background": "white",
        "title": {"fontWeight": "normal"},
    }
    file = recording.folder / f"{key}.png"
    file.write_bytes(_renderer().vegalite_to_png(spec, scale=2))
    return file


@cache
def _renderer():  # type: ignore[no-untyped-def] # noqa: ANN202
    import vl_convert  # noqa: PLC0415

    vl_convert.register_font_directory(str(assets.FOLDER / "fonts"))
    return vl_convert
