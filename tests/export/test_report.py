"""The report: one file, with everything inside."""

import html
import json
import re

import pytest

from seelearn.engine.catalogue import Lesson
from seelearn.engine.parameters import text
from seelearn.engine.recording import End, Recording
from seelearn.export.report import command, report
from seelearn.labels import parameter_label


def embedded(page: str, name: str) -> object:
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', page, re.S)
    assert found is not None
    return json.loads(found[1])


def test_it_needs_nothing_from_outside(lesson: Lesson, recorded: Recording) -> None:
    page = report(recorded, lesson, "en")
    assert not re.search(r'(src|href)="(?!#)', page.split('<script type="module">')[0])
    assert "vegaEmbed" in page


def test_it_holds_every_event_of_the_recording(lesson: Lesson, recorded: Recording) -> None:
    assert embedded(report(recorded, lesson, "zh"), "events") == recorded.events


def test_it_says_what_ran_and_how_to_run_it_again(lesson: Lesson, recorded: Recording) -> None:
    page = html.unescape(report(recorded, lesson, "zh"))
    for name, value in recorded.job.parameters.items():
        assert parameter_label(lesson.labels, name, "zh") in page
        assert f"--{name}={text(value)}" in page
    assert command(recorded).startswith("seelearn run batch_normalization --framework=torch --activation=tanh")
    assert command(recorded).endswith("--seed=7")
    assert f"torch {recorded.header['versions']['torch']}" in page
    assert "这一次，测试误差" in page


def test_an_unfinished_run_says_so(lesson: Lesson, recorded: Recording) -> None:
    cut = Recording(recorded.folder, recorded.header, recorded.events[:12], End("failed", "a <reason>"))
    page = report(cut, lesson, "en")
    assert "This run did not finish: a &lt;reason&gt;." in page


def test_vega_cannot_end_its_own_script(lesson: Lesson, recorded: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seelearn.assets.vega", lambda: 'const text = "</script><b>";')
    assert 'const text = "<\\/script><b>";' in report(recorded, lesson, "en")


def test_text_of_a_recording_cannot_become_a_script(lesson: Lesson, recorded: Recording) -> None:
    evil = "</script><script>alert(1)</script>"
    changed = [*recorded.events, {**recorded.events[0], "series": evil}]
    page = report(Recording(recorded.folder, recorded.header, changed, recorded.end), lesson, "en")  # type: ignore[arg-type]
    assert "<script>alert" not in page
    assert page.count("</script>") == 5
