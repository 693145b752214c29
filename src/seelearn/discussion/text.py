"""Text that a reader typed: cleaned before it is kept, and made HTML each time that it is shown."""

import re
import unicodedata
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt

NAME, TEXT, ADDRESS = 40, 5000, 254
"""The most characters of a name, a comment and a mail address."""

TAGS = {"a", "blockquote", "br", "code", "em", "hr", "li", "ol", "p", "pre", "s", "strong", "ul"}
REL = "nofollow ugc noopener noreferrer"
_MARKDOWN = (
    MarkdownIt("commonmark", {"html": False, "breaks": True})
    .enable("strikethrough")
    .disable(["image", "heading", "lheading", "reference"])
)
_LINK = re.compile(r"[a-z][a-z0-9+.-]*://|\bwww\.", re.IGNORECASE)
_DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
_JOINERS = "\u200c\u200d"  # letters of some scripts and many emoji need them


def clean_line(given: str) -> str:
    """Return a name as one line: no control characters, nothing invisible, no spaces at its ends or in a row."""
    line = unicodedata.normalize("NFC", " ".join(given.split()))
    return " ".join("".join(c for c in line if c in _JOINERS or unicodedata.category(c)[0] != "C").split())


def clean_text(given: str) -> str:
    """Return a text without control characters and without marks that turn the direction of what follows."""
    lines = unicodedata.normalize("NFC", "\n".join(given.splitlines()))
    return "".join(c for c in lines if c in "\n\t" or not _unwanted(c)).strip()


def _unwanted(character: str) -> bool:
    return character in _DIRECTIONS + "\ufffe\uffff" or unicodedata.category(character) in ("Cc", "Cs")


@lru_cache(maxsize=4096)
def render(text: str) -> str:
    """Return a comment's Markdown as HTML that is safe in our pages.

    HTML in it is shown as text. What Markdown makes of the rest goes through nh3, which keeps `TAGS` and links to
    http and https. It is done anew for every process, so a better cleaner also cleans old comments.
    """
    return nh3.clean(
        _MARKDOWN.render(text),
        tags=TAGS,
        attributes={"*": set(), "a": {"href"}},
        url_schemes={"http", "https"},
        link_rel=REL,
    )


def has_link(text: str) -> bool:
    """Say whether a text leads elsewhere, as a link or as an address to be copied."""
    return _LINK.search(text) is not None or "<a " in render(text)


def mask(address: str) -> str:
    """Return a mail address as it may be shown: l•••@example.org."""
    local, _, domain = address.partition("@")
    return f"{local[:1]}•••@{domain}"
