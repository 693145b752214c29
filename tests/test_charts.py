"""The charts draw what was recorded: read back from the drawn picture."""

import re
from collections import Counter

import pytest
import vl_convert

from seelearn import charts
from seelearn.charts import Spec
from seelearn.engine.catalogue import Lesson
from seelearn.engine.recording import Recording
from seelearn.events import Band, Event, Layer

KEYS = ["layers", "health", "loss", "fit", "data", "activations"]


def drawn(lesson: Lesson, recording: Recording, key: str, now: int, language: str = "en") -> Spec:
    return charts.fill(charts.draw(key, lesson.labels, language), recording.events, now, 3)


def marks(spec: Spec, role: str) -> list[str]:
    """Return the texts with which the picture names its marks for a screen reader."""
    svg = vl_convert.vegalite_to_svg(spec)
    return re.findall(rf'aria-label="([^"]*)" role="graphics-symbol" aria-roledescription="{role}"', svg)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("key", KEYS)
def test_every_chart_is_drawn_in_both_languages(lesson: Lesson, recorded: Recording, key: str, language: str) -> None:
    svg = vl_convert.vegalite_to_svg(drawn(lesson, recorded, key, 3, language))
    assert svg.count('role="graphics-symbol"') > 2
    assert "undefined" not in svg
    assert "NaN" not in svg


def test_the_test_covers_every_chart(lesson: Lesson) -> None:
    assert list(lesson.labels["charts"]) == KEYS


def bars(layers: list[Layer]) -> list[tuple[int, float]]:
    """Return every bar of a series: its count, and where it begins."""
    found = []
    for layer in layers:
        for part in (layer["before"], layer["after"]):
            width = (part["high"] - part["low"]) / (len(part["counts"]) - 2)
            found += [(count, part["low"] + (place - 1) * width) for place, count in enumerate(part["counts"])]
    return found


@pytest.mark.parametrize("now", [0, 3])
def test_the_grid_shows_every_count_of_the_step_looked_at(lesson: Lesson, recorded: Recording, now: int) -> None:
    shown = []
    for text in marks(drawn(lesson, recorded, "layers", now), "bar"):
        fields = dict(field.split(": ", 1) for field in text.split("; "))
        said = [fields[name].replace(",", "").replace("−", "-") for name in ("count", "from")]
        shown.append((int(said[0]), float(said[1])))
    expected = []
    for event in recorded.events:
        if event["kind"] == "layers" and event["step"] == now:
            expected += bars(event["layers"])
    assert len(shown) == 2 * 9 * 2 * 42
    for (number, start), (count, left) in zip(sorted(shown), sorted(expected), strict=True):
        assert number == count
        assert start == pytest.approx(left, rel=0.01, abs=1e-9)  # the text has three digits


def test_cells_stand_in_the_order_of_layers_and_arms(lesson: Lesson, recorded: Recording) -> None:
    texts = marks(drawn(lesson, recorded, "layers", 3), "bar")
    names = [dict(f.split(": ", 1) for f in text.split("; "))["layer"] for text in texts]
    order = [name for index, name in enumerate(names) if index == 0 or names[index - 1] != name]
    assert order == ["input", *(f"L{n}" for n in range(1, 9))] * 4


def test_the_slider_chooses_the_step(lesson: Lesson, recorded: Recording) -> None:
    first, last = (vl_convert.vegalite_to_svg(drawn(lesson, recorded, "fit", now)) for now in (0, 3))
    assert first != last
    assert vl_convert.vegalite_to_svg(drawn(lesson, recorded, "data", 0)) == vl_convert.vegalite_to_svg(
        drawn(lesson, recorded, "data", 3)
    )


def test_the_losses_drawn_are_the_losses_recorded(lesson: Lesson, recorded: Recording) -> None:
    texts = marks(drawn(lesson, recorded, "loss", 3), "point")
    shown = Counter(re.search(r"mean squared error: ([\d.,]+)", text)[1].replace(",", "") for text in texts)  # type: ignore[index]
    expected = Counter(f"{e['y']:.5g}" for e in recorded.events if e["kind"] == "line")
    assert Counter(f"{float(v):.5g}" for v in shown.elements()) == expected


def test_only_the_arms_of_the_run_stand_in_the_legend(lesson: Lesson, recorded: Recording) -> None:
    svg = vl_convert.vegalite_to_svg(drawn(lesson, recorded, "loss", 3))
    assert ">with BN<" in svg
    assert "BN: hidden only<" not in svg


def test_nan_is_written_into_its_cell(lesson: Lesson, recorded: Recording) -> None:
    events = [e for e in recorded.events if e["kind"] == "layers" and e["step"] == 3][:1]
    layer = events[0]["layers"][4]
    broken = {**layer, "after": {**layer["after"], "nan": 17}}
    spec = charts.draw("layers", lesson.labels, "en")
    changed = [{**events[0], "layers": [*events[0]["layers"][:4], broken]}]
    assert vl_convert.vegalite_to_svg(charts.fill(spec, changed, 3, 3)).count(">17 NaN<") == 1  # type: ignore[arg-type]


def band(series: str, low: list[float | None], mid: list[float | None], high: list[float | None], seeds: int) -> Band:
    return {"kind": "band", "chart": "loss", "series": series, "seeds": seeds, "x": list(range(len(low))),
            "low": low, "mid": mid, "high": high, "step": None, "t": 0.0}  # fmt: skip


WIDE = band("plain", [10, 20, 20, 30, 30, 30], [20, 30, 30, 40, 40, 40], [40, 50, None, 60, 60, 60], 1024)


def shape(events: list[Event], lesson: Lesson, total: int, name: str) -> list[str]:
    """Return the outlines of the marks with this name, such as area."""
    svg = vl_convert.vegalite_to_svg(charts.fill(charts.draw("loss", lesson.labels, "en"), events, 0, total))
    return re.findall(r' d="([^"]*)"', "".join(re.findall(rf'class="mark-{name} [^"]*"(.*?)</g>', svg, re.S)))


def test_a_band_has_a_gap_where_it_is_not_a_number(lesson: Lesson) -> None:
    (outline,) = shape([WIDE], lesson, 5, "area")
    assert outline.count("M") == 2
    whole = {**WIDE, "high": [40, 50, 55, 60, 60, 60]}
    assert shape([whole], lesson, 5, "area")[0].count("M") == 1  # type: ignore[list-item]


def test_a_band_answers_with_its_numbers(lesson: Lesson) -> None:
    spec = charts.fill(charts.draw("loss", lesson.labels, "en"), [WIDE], 0, 5)
    svg = vl_convert.vegalite_to_svg(spec)
    assert len(re.findall(r'class="mark-rule .*?</g>', svg, re.S)) >= 1
    tooltips = [layer["encoding"].get("tooltip") for layer in spec["layer"]]
    said = [tip["title"] for tips in tooltips if tips for tip in tips]
    assert [title for title in said if title in ("median", "10%", "90%", "seeds")] == ["median", "10%", "90%", "seeds"]


def test_bands_lie_under_the_curves_of_the_run_and_change_no_legend(lesson: Lesson, recorded: Recording) -> None:
    spec = charts.draw("loss", lesson.labels, "en")
    bands = [WIDE, {**WIDE, "series": "hidden only"}]
    alone, with_bands = (
        charts.fill(spec, [*more, *recorded.events], 3, 3)  # type: ignore[list-item]
        for more in ([], bands)
    )
    assert with_bands["params"] == alone["params"]
    rows = with_bands["datasets"]["loss"]
    assert [row["series"] for row in rows if row["kind"] == "band"] == ["plain"]  # the run has no such other curve
    assert [row for row in rows if row["kind"] != "band"] == alone["datasets"]["loss"]


def test_the_last_of_growing_bands_is_drawn(lesson: Lesson) -> None:
    first = {**WIDE, "seeds": 3, "low": [1, 1, 1, 1, 1, 1]}
    rows = charts.fill(charts.draw("loss", lesson.labels, "en"), [first, WIDE], 0, 5)["datasets"]["loss"]  # type: ignore[list-item]
    assert rows == [WIDE]


def test_a_chart_is_as_long_as_its_run_or_its_bands(recorded: Recording) -> None:
    assert charts.extent(recorded.events) == (3, 3)
    result: Event = {"kind": "result", "seed": 0, "cell": {}, "lines": {}, "claims": {}, "step": 1, "t": 0.0}
    step: Event = {"kind": "step", "total": 64, "step": 1, "t": 0.0}
    assert charts.extent([result, step, WIDE]) == (5, 5)
    assert charts.extent([result, step]) == (0, 1)
