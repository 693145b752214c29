"""The charts of a recording as PNG files."""

from functools import cache
from types import ModuleType

from seelearn import assets, charts
from seelearn.engine.catalogue import Lesson
from seelearn.engine.recording import Recording
from seelearn.export.conclusions import shaded, under

FONT = "Seelearn Sans SC"


def picture(recording: Recording, lesson: Lesson, key: str, language: str) -> bytes:
    """Draw one chart as it was at the recording's last step; return it as PNG."""
    now, total = charts.extent(recording.events)
    events = [*under(recording.job, lesson), *recording.events]
    spec = charts.fill(charts.draw(key, lesson.labels, language), events, now, total)
    seeds = [row["seeds"] for row in spec["datasets"][key] if row["kind"] == "band"]
    spec["title"] = {
        "text": lesson.labels["charts"][key]["title"][language],
        "subtitle": shaded(seeds[-1], language) if seeds else "",
    }
    return render(spec)


def render(spec: charts.Spec) -> bytes:
    """Return a filled chart as PNG, in our font and on white."""
    plain = {"fontWeight": "normal", "subtitleFontWeight": "normal", "subtitlePadding": 4}  # our font has one weight
    halo = {"halo": {"stroke": "white", "strokeWidth": 3}}
    look = {"font": FONT, "background": "white", "title": plain, "axis": {"titleFontWeight": "normal"}, "style": halo}
    spec["config"] = {**spec["config"], **look}
    png: bytes = renderer().vegalite_to_png(spec, scale=2)
    return png


@cache
def renderer() -> ModuleType:
    """Return vl-convert, with our font registered: without it Chinese would be boxes on many machines."""
    import vl_convert  # noqa: PLC0415 (only where a picture is drawn)

    vl_convert.register_font_directory(str(assets.FOLDER / "fonts"))
    return vl_convert
