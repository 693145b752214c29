"""What the search box searches: every row of the course with the text that it opens, as a script for the browser.

The browser searches, so that it works in a static edition from a disk too; the index of one language is loaded when the
box is first used.
"""

import json
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from markdown_it.token import Token

from seelearn.engine.catalogue import HEADING, Catalogue
from seelearn.engine.contents import Row, read_contents
from seelearn.labels import LANGUAGES
from seelearn.site.links import Links
from seelearn.site.prose import CLAIM, MARK, markdown_parser


def index(catalogue: Catalogue, language: str, links: Links) -> str:
    """Return a script that sets `seelearnIndex`: the rows, and the texts that they share.

    A row is [title, title in other languages, courses, address or null, key of its text or null]. Rows of several
    courses that open the same place are one.
    """
    rows: dict[tuple[str, ...], list[tuple[Row, str]]] = {}
    for course in read_contents(catalogue):
        for row in course.rows:
            rows.setdefault((*row.page, row.section), []).append((row, course.title[language]))
    lessons = {lesson.name: lesson for lesson in catalogue.lessons}
    texts: dict[str, str] = {}
    found = []
    for same in rows.values():
        row = same[0][0]
        others = {one.title[other] for one, _ in same for other in LANGUAGES} - {row.title[language]}
        address, key = None, None
        if row.written:
            address = links("lesson", language, *row.place) + (f"#{row.section}" if row.section else "")
            key = f"{row.lesson}#{row.section}"
            path = lessons[row.lesson].prose(language)
            texts[key] = _texts(path, path.stat().st_mtime_ns, language)[row.section]
        found.append([row.title[language], " ".join(sorted(others)), [title for _, title in same], address, key])
    content = json.dumps({"rows": found, "texts": texts}, ensure_ascii=False, separators=(",", ":"))
    return f"self.seelearnIndex = {content};\n"


@lru_cache(maxsize=512)
def _texts(path: Path, changed: int, language: str) -> dict[str, str]:
    """Return the plain text of a lesson: of all of it under "", and of each section under its id."""
    source = path.read_text(encoding="utf-8")
    source = CLAIM.sub(lambda found: found[2], source)
    parts: dict[str, list[str]] = {"": []}
    section = ""
    tokens = markdown_parser().parse(source)
    for before, token in pairwise(tokens):
        if token.type == "inline" and not MARK.match(token.content):
            text = _plain(token, language)
            if before.type == "heading_open" and (mark := HEADING.match(f"# {token.content}")):
                section = mark[1]
                parts[section] = []
                text = text.removesuffix(f"{{#{section}}}").strip()
            parts[""].append(text)
            if section:
                parts[section].append(text)

    return {name: " ".join(texts) for name, texts in parts.items()}


def _plain(token: Token, language: str) -> str:
    space = "" if language == "zh" else " "
    return "".join(space if child.type == "softbreak" else child.content for child in token.children or [])
