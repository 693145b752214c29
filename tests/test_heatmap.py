"""The map of a sweep, read back from the drawn picture."""

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
import vl_convert

from seelearn.charts.heatmap import heatmap
from tests.measured import sweep, write_course


@pytest.fixture
def labels(tmp_path: Path) -> dict[str, Any]:
    return write_course(tmp_path).labels


def drawn(labels: dict[str, Any], table: dict[str, Any], language: str = "en", *, link: bool = False) -> str:
    return html.unescape(vl_convert.vegalite_to_svg(heatmap(table, labels, language, link=link)))


def texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]+)</text>", svg)


def one_axis(name: str) -> dict[str, Any]:
    table = sweep()
    cells = [cell for cell in table["cells"] if cell["cell"]["kind"] == "calm" or name == "kind"]
    cells = [cell for cell in cells if cell["cell"]["n"] == 8 or name == "n"]
    return {
        **table,
        "axes": {name: table["axes"][name]},
        "cells": [{**cell, "cell": {name: cell["cell"][name]}} for cell in cells],
    }


def links(table: dict[str, Any], labels: dict[str, Any]) -> list[str]:
    """Return the links of the rows that a chart with links draws."""
    spec = heatmap(table, labels, "en", link=True)
    marks = json.dumps(spec["layer"] if "layer" in spec else spec["spec"]["layer"])
    assert '"href": {"field": "href"' in marks
    return list(dict.fromkeys(row["href"] for row in spec["data"]["values"]))


def places(svg: str, text: str) -> list[tuple[float, float]]:
    """Return where a text stands within its plot."""
    found = re.findall(rf'<text[^>]*transform="translate\(([\d.]+),([\d.]+)\)"[^>]*>{text}</text>', svg)
    return [(float(x), float(y)) for x, y in found]


def test_every_median_stands_in_its_cell(labels: dict[str, Any]) -> None:
    svg = drawn(labels, sweep())
    assert svg.count('aria-roledescription="rect mark"') == 12
    cells = "".join(re.findall(r'<g class="mark-text role-mark.*?</g>', svg, re.S))
    assert sorted(texts(cells)) == sorted(["2", "4", "8"] * 2 + ["20", "40"] * 2 + ["80", "NaN"])
    two, four, eight = (places(cells, text)[0] for text in ("20", "40", "80"))
    assert two[0] < four[0] < eight[0], "the numbers of the axis go up"
    assert two[1] == four[1] == eight[1] > places(cells, "8")[0][1], "wild stands below calm"


def test_words_are_the_readers(labels: dict[str, Any]) -> None:
    assert {"Calm", "Wild", "A", "B", "Kind", "Steps", "squared error"} <= set(texts(drawn(labels, sweep())))
    assert {"平静", "狂野", "甲", "乙", "脾气", "步数", "平方误差"} <= set(texts(drawn(labels, sweep(), "zh")))


def test_a_cell_leads_to_its_run_only_where_it_is_asked_to(labels: dict[str, Any]) -> None:
    found = links(sweep(), labels)
    assert len(found) == 6
    assert "?wait=0&kind=wild&n=4#lab" in found
    assert '"href": {' not in json.dumps(heatmap(sweep(), labels, "en", link=False)["spec"])


def test_writing_can_be_read_on_every_colour(labels: dict[str, Any]) -> None:
    svg = drawn(labels, sweep())
    inks = {text: ink for ink, text in re.findall(r'fill="(white|black)"[^>]*>(2|80)<', svg)}
    assert inks == {"2": "white", "80": "black"}


@pytest.mark.parametrize(("name", "areas"), [("n", 2), ("kind", 0)])
def test_one_axis_becomes_lines(labels: dict[str, Any], name: str, areas: int) -> None:
    svg = drawn(labels, one_axis(name), link=True)
    assert svg.count('aria-roledescription="area mark"') == areas
    assert "rect mark" not in svg
    assert {"A", "B", "squared error"} <= set(texts(svg))
    assert len(links(one_axis(name), labels)) == len(one_axis(name)["axes"][name])
