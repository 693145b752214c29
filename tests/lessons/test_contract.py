"""What every lesson must be, whoever wrote it. It runs over every folder of the course."""

import ast
import functools
import re
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from fontTools.ttLib import TTFont
from tests.conftest import COURSE, record

from seelearn import assets
from seelearn.charts import KINDS
from seelearn.engine.catalogue import Lesson
from seelearn.engine.claims import read_claims
from seelearn.engine.pool import make_pool
from seelearn.engine.recording import End, Recording
from seelearn.events import Event, without_times
from seelearn.evidence.evidence import Evidence
from seelearn.evidence.verify import contradictions, verify
from seelearn.labels import LANGUAGES, sentence
from seelearn.site.prose import render

Runs = Callable[[Lesson, str], list[Recording]]
EXPERIMENTS = [(lesson, framework) for lesson in COURSE.lessons for framework in lesson.frameworks]
LESSONS = pytest.mark.parametrize("lesson", COURSE.lessons, ids=lambda lesson: lesson.name)
BOTH = pytest.mark.parametrize(
    ("lesson", "framework"), EXPERIMENTS, ids=[f"{one.name}-{name}" for one, name in EXPERIMENTS]
)
CLAIMING = [(one, name) for one, name in EXPERIMENTS if one.claims.exists()]
CLAIMED = pytest.mark.parametrize(
    ("lesson", "framework"), CLAIMING, ids=[f"{one.name}-{name}" for one, name in CLAIMING]
)
SEEDS = 8
"""How many seeds are measured anew for each claim: enough to notice that a lesson now does something else."""
VERBS = {
    "band": {"lines"},
    "line": {"lines"},
    "curve": {"plot", "bars"},
    "points": {"plot"},
    "image": {"images", "plot"},
    "table": {"table"},
    "layers": {"layers"},
}
"""The kinds of chart that can draw each kind of event."""


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Return a function that runs an experiment twice with its smallest numbers of steps, when first asked."""

    @functools.cache
    def twice(lesson: Lesson, framework: str) -> list[Recording]:
        folder = tmp_path_factory.mktemp(f"{lesson.name}-{framework}")
        return [record(lesson, smallest(lesson, framework), folder / turn, framework) for turn in ("first", "second")]

    return twice


def smallest(lesson: Lesson, framework: str) -> dict[str, Any]:
    """Keep the defaults but for the number of epochs, so that a run is short."""
    names = {parameter.name for parameter in lesson.parameters(framework)}
    return {"seed": 5} | ({"epochs": 2} if "epochs" in names else {})


@BOTH
def test_it_runs_to_its_end(lesson: Lesson, framework: str, runs: Runs) -> None:
    recording = runs(lesson, framework)[0]
    assert recording.end == End("finished")
    assert recording.events[-1]["kind"] == "note", "a lesson ends with its conclusion in words"


@BOTH
def test_same_seed_same_events(lesson: Lesson, framework: str, runs: Runs) -> None:
    clocks = {key for key, chart in lesson.labels["charts"].items() if chart.get("clock")}
    first, second = (
        without_times(event for event in run.events if event.get("chart") not in clocks)
        for run in runs(lesson, framework)
    )
    assert first == second


@BOTH
def test_every_event_has_its_chart_and_every_chart_its_events(lesson: Lesson, framework: str, runs: Runs) -> None:
    charts = lesson.labels["charts"]
    used = set()
    for event in runs(lesson, framework)[0].events:
        if event["kind"] == "step" or event["kind"] == "note" or event["kind"] == "result":
            continue
        chart = charts[event["chart"]]
        assert chart["kind"] in VERBS[event["kind"]]
        assert event["series"] in chart["series"]
        used.add(event["chart"])
    assert {chart.get("of", key) for key, chart in charts.items()} == used


@BOTH
def test_every_note_can_be_said(lesson: Lesson, framework: str, runs: Runs) -> None:
    said = [e for e in runs(lesson, framework)[0].events if e["kind"] == "note"]
    for note in said:
        for language in LANGUAGES:
            assert "{" not in sentence(lesson.labels, note, language)
    source = lesson.file(framework).read_text(encoding="utf-8")
    for key in lesson.labels["notes"]:
        assert f'"{key}"' in source, f"no call says the note {key}"


@BOTH
def test_every_parameter_has_a_label(lesson: Lesson, framework: str) -> None:
    labels = lesson.labels["parameters"]
    for parameter in lesson.parameters(framework):
        assert parameter.name in labels
        assert set(labels[parameter.name].get("choices", {})) <= set(parameter.choices)


@LESSONS
def test_every_text_stands_in_both_languages(lesson: Lesson) -> None:
    def visit(value: Any, path: str) -> None:
        if isinstance(value, dict):
            if set(value) & set(LANGUAGES):
                assert set(LANGUAGES) <= set(value), f"{path} lacks a language"
                fields = [{f for _, f, _, _ in string.Formatter().parse(value[lang]) if f} for lang in LANGUAGES]
                assert fields[0] == fields[1], f"{path} has other values in the other language"
            for key, inner in value.items():
                visit(inner, f"{path}.{key}")

    visit(lesson.labels, lesson.name)
    for chart in lesson.labels["charts"].values():
        assert chart["kind"] in KINDS
        assert set(chart["series"]) <= set(lesson.labels["series"])


@BOTH
def test_both_languages_have_the_same_skeleton(lesson: Lesson, framework: str) -> None:
    zh, en = (render(lesson.folder / f"{lang}.md", lesson.file(framework), lang) for lang in ("zh", "en"))
    assert zh.ids == en.ids
    assert zh.marks == en.marks
    assert "{{ lab }}" in zh.marks
    ours = "".join(
        (assets.FOLDER / "templates" / name).read_text()
        for name in ("lesson.html", "charts.html", "search.html", "base.html")
    )
    assert not set(zh.ids) & set(re.findall(r'id="([\w-]+)"', ours)), "a heading has an id of the page's own"
    for prose in (zh, en):
        words = re.sub(r"<pre.*?</pre>", "", prose.before + prose.after, flags=re.S)
        assert "**" not in words, "emphasis that Markdown did not take: in Chinese, put 。 and ， behind the **"
        assert "{{" not in words
    for lang in LANGUAGES:
        text = (lesson.folder / f"{lang}.md").read_text(encoding="utf-8")
        assert len(re.findall(r"^#", text, re.M)) == len(zh.ids), "every heading needs its {#id}"
        assert "# {#" not in text
    links = [
        re.findall(r"\]\(([?#][^)]*)\)", (lesson.folder / f"{lang}.md").read_text(encoding="utf-8"))
        for lang in LANGUAGES
    ]
    assert links[0] == links[1]
    assert {link[1:] for link in links[0] if link.startswith("#")} <= set(zh.ids)


@BOTH
def test_links_to_runs_are_allowed_runs(lesson: Lesson, framework: str) -> None:
    text = (lesson.folder / "en.md").read_text(encoding="utf-8")
    parameters = {parameter.name: parameter for parameter in lesson.parameters(framework)}
    for query in re.findall(r"\]\(\?([^)]*)\)", text):
        for pair in query.split("&"):
            name, _, value = pair.partition("=")
            parameters[name].parse(value)


@BOTH
def test_the_prose_shows_all_of_the_code_but_its_imports(lesson: Lesson, framework: str) -> None:
    path = lesson.file(framework)
    lines = path.read_text(encoding="utf-8").splitlines()
    prose = render(lesson.folder / "en.md", path, "en")
    shown: set[int] = set()
    for first, last in re.findall(r"lines (\d+)–(\d+)", prose.before + prose.after):
        shown |= set(range(int(first), int(last) + 1))
    for node in ast.parse("\n".join(lines)).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)):
            assert node.lineno in shown, f"line {node.lineno} is not on the page"


@BOTH
def test_the_code_is_short_and_knows_only_the_vocabulary(lesson: Lesson, framework: str) -> None:
    path = lesson.file(framework)
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 100
    assert max(map(len, text.splitlines())) <= 100
    allowed = {"seelearn.show", "seelearn.microscope"}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("seelearn"):
            assert node.module in allowed
        assert not (isinstance(node, ast.Import) and any(a.name.startswith("seelearn") for a in node.names))


@CLAIMED
def test_every_claim_stands_in_both_languages_with_its_evidence(lesson: Lesson, framework: str) -> None:
    zh, en = (render(lesson.folder / f"{lang}.md", lesson.file(framework), lang) for lang in ("zh", "en"))
    claims = {claim.name: claim for claim in read_claims(lesson, framework).claims}
    assert len(claims) >= 2
    assert set(zh.claims) == set(en.claims) == set(claims)
    evidence = Evidence.read(lesson)
    assert evidence is not None, f"seelearn verify {lesson.name}"
    assert not evidence.stale(lesson), f"the lesson or its claims have changed: seelearn verify {lesson.name}"
    assert set(evidence.claims) == set(claims)
    for name, claim in claims.items():
        proof = evidence.claims[name]
        assert proof["verdict"] == ("refuted" if claim.refuted else "holds"), name
        median = list(claim.median) if claim.median else None
        assert (proof["share"], proof["median"], proof["refuted"]) == (claim.share, median, claim.refuted)


@CLAIMED
def test_a_few_seeds_measured_now_contradict_no_claim(lesson: Lesson, framework: str, tmp_path: Path) -> None:
    pool = make_pool(lesson, framework, tmp_path, None)
    found = verify(lesson, framework, SEEDS, pool, lambda done, total: None)
    assert contradictions(found) == []
    kept = Evidence.read(lesson)
    assert kept is not None
    for name, proof in found.claims.items():
        assert proof["of"] == SEEDS
        if proof["count"] is not None:
            before = kept.claims[name]
            ends = [proof["low"], proof["high"], before["low"], before["high"]]
            low, high, kept_low, kept_high = (end for end in ends if end is not None)
            assert low <= kept_high and kept_low <= high, f"{name} is not what the evidence says"  # noqa: PT018


@CLAIMED
def test_claims_know_only_their_vocabulary(lesson: Lesson, framework: str) -> None:
    text = lesson.claims.read_text(encoding="utf-8")
    assert text.count("\n") <= 180
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("seelearn"):
            assert node.module in {"seelearn.claims", "seelearn.many"}


@LESSONS
def test_the_font_of_the_pictures_has_every_character(lesson: Lesson) -> None:
    font = TTFont(assets.FOLDER / "fonts" / "SeelearnSansSC-Regular.otf")
    known = set(font.getBestCmap())
    text = (lesson.folder / "lesson.toml").read_text(encoding="utf-8")
    text += (Path(assets.FOLDER) / "words.toml").read_text(encoding="utf-8")
    assert {c for c in text if ord(c) > 32 and ord(c) not in known} == set()


def test_the_table_of_verbs_names_every_event_that_is_drawn() -> None:
    drawn = {get_args(e.__annotations__["kind"])[0] for e in get_args(Event) if "chart" in e.__annotations__}
    assert set(VERBS) == drawn
