"""A lesson's prose as HTML: Markdown, with heading ids and the code that runs.

Beside plain Markdown it knows three marks:

- `## A title {#name}` gives a heading the id `name`, the same in both languages;
- `{{ code NAME }}`, a paragraph by itself, shows the function or constant NAME of the experiment's file, and
  `{{ code FIRST LAST }}` all from FIRST to LAST; `{{ code }}` shows the whole file;
- `{{ lab }}` is where the experiment is operated.
"""

import ast
import html
import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from seelearn.errors import LessonError
from seelearn.labels import words

HEADING = re.compile(r"\s*\{#([a-z_]+)\}$")
MARK = re.compile(r"^\{\{ (code|lab)((?: \w+)*) \}\}$")
LAB = "<!-- lab -->"


@dataclass(frozen=True, slots=True)
class Prose:
    """Rendered prose: what stands before the lab and after it, and the ids of its headings in order."""

    before: str
    after: str
    ids: list[str]
    marks: list[str]


def render(markdown: Path, code: Path, language: str) -> Prose:
    """Render a lesson's prose with the code of one experiment."""
    ids: list[str] = []
    marks: list[str] = []

    def replace(state: StateCore) -> None:
        for index, token in enumerate(state.tokens):
            if token.type != "inline":
                continue
            opening = state.tokens[index - 1]
            if opening.type == "heading_open" and (found := HEADING.search(token.content)):
                name = found[1]
                ids.append(name)
                opening.attrSet("id", name)
                token.content = HEADING.sub("", token.content)
            elif opening.type == "paragraph_open" and (found := MARK.match(token.content)):
                marks.append(found[0])
                opening.hidden = state.tokens[index + 1].hidden = True
                token.type, token.children = "html_block", []
                token.content = LAB if found[1] == "lab" else _code(code, found[2].split(), language)

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.core.ruler.after("block", "seelearn", replace)
    if language == "zh":  # a line of the file ends where Chinese has no space
        parser.add_render_rule("softbreak", lambda *_: "")
    rendered = str(parser.render(markdown.read_text(encoding="utf-8")))
    before, _, after = rendered.partition(LAB)
    return Prose(before, after, ids, marks)


def _code(path: Path, names: list[str], language: str) -> str:
    """Return the lines of a file from the first name to the last, coloured."""
    source = path.read_text(encoding="utf-8")
    spans = [_span(path, source, name) for name in names] or [(1, source.count("\n"))]
    first, last = spans[0][0], spans[-1][1]
    lines = "\n".join(source.splitlines()[first - 1 : last])
    where = words(language)["code_from"].format(file=path.name, first=first, last=last)
    coloured = highlight(lines, PythonLexer(), HtmlFormatter(nowrap=True))
    copy = html.escape(words(language)["copy"])
    return (
        f'<div class="code"><div class="from"><span>{html.escape(where)}</span>'
        f'<button type="button" class="copy" hidden>{copy}</button></div>'
        f'<pre tabindex="0"><code>{coloured}</code></pre></div>\n'
    )


def _span(path: Path, source: str, name: str) -> tuple[int, int]:
    """Return the first and last line of a function, class or constant at the top of a file."""
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [node]
        names = [getattr(t, "name", getattr(t, "id", None)) for t in targets]
        if name in names and node.end_lineno is not None:
            decorators = [d.lineno for d in getattr(node, "decorator_list", [])]
            return min([node.lineno, *decorators]), node.end_lineno
    raise LessonError(f"{path}: nothing named {name} to show")
