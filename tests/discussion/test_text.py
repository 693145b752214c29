"""What a reader typed cannot act in another reader's page, in any field."""

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seelearn.discussion.text import TAGS, clean_line, clean_text, has_link, render
from tests.discussion.conftest import THREAD, Site

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '"><iframe src="javascript:alert(1)">',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&#58;alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](vbscript:alert(1))",
    "<javascript:alert(1)>",
    "![x](https://tracker.example/pixel.png)",
    '[x](https://example.org "onmouseover=alert(1)")',
    "<a href=javascript:alert(1)>x</a>",
    "<style>*{display:none}</style>",
    "`</code><script>alert(1)</script>`",
    '```"><script>alert(1)</script>\nx\n```',
    '<math><mtext></mtext><mglyph><style><!--</style><img title="--><img src=x onerror=alert(1)>">',
    "<form action=https://evil.example><input name=secret></form>",
    "{{ 7 * 7 }}{% include 'page.html' %}",
]


class _Seen(HTMLParser):
    """Notes every element and attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def harmless(html: str) -> None:
    """Fail if HTML holds anything but plain formatting and links to web pages."""
    seen = _Seen()
    seen.feed(html)
    for tag, attributes in seen.found:
        assert tag in TAGS
        if tag == "a":
            assert set(attributes) <= {"href", "rel"}
            assert not re.match(r"(?!https?:)[^/?#]*:", attributes.get("href") or "")
            assert "nofollow" in (attributes["rel"] or "")
        else:
            assert attributes == {}


@pytest.mark.parametrize("attack", ATTACKS)
def test_markdown_makes_nothing_that_acts(attack: str) -> None:
    harmless(render(clean_text(attack)))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from([*ATTACKS, "\n", "> ", "* ", "`", "[", "](", "<", ">", "&", "\\", "1. ", "~~"])
        | st.text(max_size=8),
        max_size=20,
    )
)
def test_no_mixture_of_them_does_either(parts: list[str]) -> None:
    text = clean_text("".join(parts))
    harmless(render(text))
    assert clean_text(text) == text
    text.encode()


@settings(deadline=None)
@given(st.text(max_size=60))
def test_a_name_is_one_line_of_what_can_be_seen(name: str) -> None:
    line = clean_line(name)
    assert line == clean_line(line)
    assert line.isprintable() or "\u200c" in line or "\u200d" in line
    line.encode()


def test_links_are_seen_however_they_are_written() -> None:
    for text in (
        "https://a.example",
        "HTTP://a.example",
        "www.a.example",
        "[a](b)",
        "<http://a.example>",
        "[a]: https://b.example",
    ):
        assert has_link(text), text
    for text in ("a < b", "f[0](1, 2)  ", "a.b", "3:4", "`x`"):
        assert not has_link(text), text


@pytest.mark.parametrize("attack", ATTACKS)
def test_stored_in_every_field_it_stays_text(site: Site, reader: Callable[[], str], attack: str) -> None:
    ada = reader()
    short = attack[:40]
    number = site.posted(ada, attack, name=short)
    for field in ("n", "seed", "framework", attack[:60]):
        assert site.post(ada, run={"parameters": {field: attack}}).status_code in (400, 422)
    client, _ = site.moderator()
    page = client.get("/discussion/en/admin").text
    seen = _Seen()
    seen.feed(page)
    assert not [tag for tag, _ in seen.found if tag in ("script", "img", "svg", "iframe", "style", "math")]
    assert not [a for _, attributes in seen.found for a in attributes if a.startswith("on")]
    assert {a["action"] for tag, a in seen.found if tag == "form"} <= {
        "/discussion/en/admin/logout", f"/discussion/en/admin/comments/{number}", "/discussion/en/admin/authors/1",
    }  # fmt: skip
    site.moderate("comments", number, "approve")
    answer = site.client.get(THREAD)
    assert answer.headers["content-type"] == "application/json"
    (comment,) = json.loads(answer.text)["comments"]
    assert comment["name"] == clean_line(short)  # the script shows it as text
    harmless(comment["html"])
    feed = site.client.get("/discussion/en/lessons/trial/feed").text
    assert "<script" not in feed
    assert "<img" not in feed
