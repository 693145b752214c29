"""Prose: Markdown with ids and code, and nothing that a page must not hold."""

import re
from pathlib import Path

import pytest

from seelearn.errors import LessonError
from seelearn.site.prose import render

CODE = """TWO, SIZE = 2, 3


def double(x):
    # twice
    return 2 * x


def run(show):
    return double(SIZE)
"""


def rendered(tmp_path: Path, markdown: str, language: str = "en") -> str:
    (tmp_path / "en.md").write_text(markdown, encoding="utf-8")
    (tmp_path / "with_torch.py").write_text(CODE, encoding="utf-8")
    prose = render(tmp_path / "en.md", tmp_path / "with_torch.py", language)
    return prose.before + "|lab|" + prose.after


def test_html_in_prose_is_text(tmp_path: Path) -> None:
    page = rendered(tmp_path, "<script>alert(1)</script>\n\n[x](javascript:alert(1))\n")
    assert "<script" not in page
    assert "href" not in page


def test_a_heading_gets_its_id_and_a_link_and_loses_the_mark(tmp_path: Path) -> None:
    page = rendered(tmp_path, "## A title {#one_two}\n\n## Another\n")
    assert '<h2 id="one_two">A title <a class="anchor" href="#one_two"' in page
    assert "<h2>Another</h2>" in page


def test_formulas_become_mathml(tmp_path: Path) -> None:
    page = rendered(tmp_path, "For $x^2$ pay $5.\n\n$$\n\\frac{a}{\\text{平均}}\n$$\n")
    assert '<math xmlns="http://www.w3.org/1998/Math/MathML" display="inline">' in page
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in page
    assert "pay $5." in page
    assert 'display="block"' in page
    assert re.search("<mfrac>.*<mi>a</mi>.*<mtext>平均</mtext>", page)


@pytest.mark.parametrize(
    ("tex", "said"),
    [
        ("\\sqrt{", "cannot be read"),
        ("\\href{javascript:alert(1)}{x}", "holds what is not mathematics"),
        ("\\style{color:red}{x}", "holds what is not mathematics"),
        ("\\text{<script>alert(1)</script>}", "holds what is not mathematics"),
        ("\\text{<meta http-equiv=refresh>}", "holds what is not mathematics"),
    ],
)
def test_what_is_no_formula_is_the_authors_mistake(tmp_path: Path, tex: str, said: str) -> None:
    with pytest.raises(LessonError, match=said):
        rendered(tmp_path, f"$${tex}$$\n")


def test_code_is_the_lines_of_the_file(tmp_path: Path) -> None:
    page = rendered(tmp_path, "{{ code double }}\n")
    assert "with_torch.py, lines 4–6" in page
    assert "# twice" in page
    assert "SIZE" not in page
    assert "lines 1–6" in rendered(tmp_path, "{{ code SIZE double }}\n")
    assert "lines 1–10" in rendered(tmp_path, "{{ code }}\n")


def test_the_lab_divides_the_prose(tmp_path: Path) -> None:
    assert rendered(tmp_path, "one\n\n{{ lab }}\n\ntwo\n").replace("\n", "") == "<p>one</p>|lab|<p>two</p>"


def test_code_that_is_not_there_is_the_authors_mistake(tmp_path: Path) -> None:
    with pytest.raises(LessonError, match=r"with_torch\.py: nothing named triple to show"):
        rendered(tmp_path, "{{ code triple }}\n")


def test_chinese_lines_join_without_a_space(tmp_path: Path) -> None:
    assert "<p>一行一行</p>" in rendered(tmp_path, "一行\n一行\n", "zh")
    assert "<p>one\ntwo</p>" in rendered(tmp_path, "one\ntwo\n")


def claimed(tmp_path: Path, markdown: str) -> tuple[str, list[str], dict[str, str]]:
    (tmp_path / "en.md").write_text(markdown, encoding="utf-8")
    (tmp_path / "with_torch.py").write_text(CODE, encoding="utf-8")
    prose = render(
        tmp_path / "en.md", tmp_path / "with_torch.py", "en", lambda name, first: (f"<i {name} {first}>", "</i>")
    )
    return prose.before, prose.claims, prose.sentences


def test_claims_stand_in_paragraphs_lists_and_tables(tmp_path: Path) -> None:
    page, names, said = claimed(
        tmp_path,
        "See {{ claim a.x: one *big*\n`net` }}, **{{ claim b.y: two }}**.\n\n- {{ claim c.z:\n  three }}\n\n"
        "| h |\n|---|\n| {{ claim a.x: again }} |\n",
    )
    assert (
        "<p>See <i a.x True>one <em>big</em>\n<code>net</code></i>, <strong><i b.y True>two</i></strong>.</p>" in page
    )
    assert "<li><i c.z True>three</i></li>" in page
    assert "<td><i a.x False>again</i></td>" in page
    assert names == ["a.x", "b.y", "c.z", "a.x"]
    assert said == {"a.x": "one big net", "b.y": "two", "c.z": "three"}


@pytest.mark.parametrize("mark", ["{{ claim a: x }}", "{{ claim a.b x }}", "{{ claim a.b: x", "`{{ claim a.b: x }}`"])
def test_what_is_not_quite_a_claim_stays_visible(tmp_path: Path, mark: str) -> None:
    page, names, _ = claimed(tmp_path, f"{mark}\n")
    assert "{{ claim a" in page
    assert names == []
