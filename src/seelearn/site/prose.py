"""A lesson's prose as HTML: Markdown, with heading ids and the code that runs.

Beside plain Markdown it knows formulas, `$…$` in a line and `$$…$$` by themselves, and four marks:

- `## A title {#name}` gives a heading the id `name`, the same in both languages;
- `{{ code NAME }}`, a paragraph by itself, shows the function or constant NAME of the experiment's file, and
  `{{ code FIRST LAST }}` all from FIRST to LAST; `{{ code }}` shows the whole file;
- `{{ claim JUDGE.CONDITION: A sentence. }}`, anywhere in the text, is a sentence with a badge that says what many
  seeds say of it;
- `{{ lab }}` is where the experiment is operated.
"""

import ast
import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from seelearn.errors import LessonError
from seelearn.labels import words

HEADING = re.compile(r"\s*\{#([a-z_]+)\}$")
MARK = re.compile(r"^\{\{ (code|lab)((?: \w+)*) \}\}$")
CLAIM = re.compile(r"\{\{\s+claim\s+(\w+\.\w+):\s*(.*?)\s*\}\}", re.S)
LAB = "<!-- lab -->"
MATHML = re.compile(
    r"</?(math|mi|mn|mo|ms|mtext|mspace|mrow|mfrac|msqrt|mroot|mstyle|mpadded|mphantom|mfenced|menclose|msub|msup|msubsup"
    r"|munder|mover|munderover|mtable|mtr|mtd)( (?!on|href|style|class|id)\w+=\"[^\"<>]*\")* ?/?>"
)
"""The tags that a formula may come to: its converter lets HTML through."""

Badge = Callable[[str, bool], tuple[str, str]]
"""Return the HTML before and after the sentence of a claim, from its name and whether it stands there first."""


@dataclass(frozen=True, slots=True)
class Prose:
    """Rendered prose: what stands before the lab and after it, and the ids of its headings in order.

    `claims` holds the names of its claims in order, and `sentences` what it says of each, as plain text.
    """

    before: str
    after: str
    ids: list[str]
    marks: list[str]
    claims: list[str] = field(default_factory=list)
    sentences: dict[str, str] = field(default_factory=dict)


def render(markdown: Path, code: Path, language: str, badge: Badge = lambda name, first: ("", "")) -> Prose:
    """Render a lesson's prose with the code of one experiment; `badge` says what the seeds say of a claim."""
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
                token.content = LAB if found[1] == "lab" else show_code(code, found[2].split(), language)

    parser = markdown_parser()
    parser.core.ruler.after("block", "seelearn", replace)
    parser.add_render_rule("heading_close", lambda _, tokens, index, *__: _close(tokens, index, language))
    claims, sentences = _add_claims(parser, badge, "" if language == "zh" else " ")
    if language == "zh":  # a line of the file ends where Chinese has no space
        parser.add_render_rule("softbreak", lambda *_: "")
    rendered = str(parser.render(markdown.read_text(encoding="utf-8")))
    before, _, after = rendered.partition(LAB)
    return Prose(before, after, ids, marks, claims, sentences)


def markdown_parser() -> MarkdownIt:
    """Return what reads the prose of a lesson: CommonMark with tables and formulas, HTML turned off."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    return parser.use(dollarmath_plugin, allow_space=False, allow_digits=False, renderer=_formula)


def _formula(tex: str, options: dict[str, bool]) -> str:
    """Return a formula as MathML."""
    try:
        formula = str(convert(tex, display="block" if options["display_mode"] else "inline"))
    except Exception as error:  # whatever its parser trips over is the author's to mend
        raise LessonError(f"the formula {tex.strip()[:60]!r} cannot be read: {error!r}") from None
    if "<" in MATHML.sub("", formula):
        raise LessonError(f"the formula {tex.strip()[:60]!r} holds what is not mathematics")
    return formula


def _close(tokens: Sequence[Token], index: int, language: str) -> str:
    """End a heading with a link to it, for who wants to cite it: the keyboard and the screen reader have the id."""
    tag, name = tokens[index].tag, tokens[index - 2].attrGet("id")
    title = html.escape(words(language)["cite"])
    link = f' <a class="anchor" href="#{name}" title="{title}" aria-hidden="true" tabindex="-1">#</a>' if name else ""
    return f"{link}</{tag}>\n"


def _add_claims(parser: MarkdownIt, badge: Badge, space: str) -> tuple[list[str], dict[str, str]]:
    """Teach the parser the mark of a claim; return the names and the sentences that it will fill."""
    names: list[str] = []
    sentences: dict[str, str] = {}

    def collect(state: StateCore) -> None:
        for children in (token.children or [] for token in state.tokens):
            start = 0
            for place, child in enumerate(children):
                if child.type == "claim_open":
                    start = place
                elif child.type == "claim_close":
                    name = child.content
                    children[start].content, child.content = badge(name, name not in names)
                    said = "".join(space if t.type == "softbreak" else t.content for t in children[start + 1 : place])
                    sentences.setdefault(name, said)
                    names.append(name)

    def as_it_is(self: object, tokens: Sequence[Token], index: int, *_: object) -> str:
        return tokens[index].content

    parser.inline.ruler.before("backticks", "claim", _claim)
    parser.core.ruler.after("inline", "claims", collect)
    parser.add_render_rule("claim_open", as_it_is)
    parser.add_render_rule("claim_close", as_it_is)
    return names, sentences


def _claim(state: StateInline, silent: bool) -> bool:
    """Read the mark of a claim, whose sentence is Markdown itself."""
    found = CLAIM.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        end = state.posMax
        state.push("claim_open", "span", 1)
        state.pos, state.posMax = found.start(2), found.end(2)
        state.md.inline.tokenize(state)
        state.tokens[-1].content = state.tokens[-1].content.rstrip()  # a text is read up to the next mark, `}}`
        state.push("claim_close", "span", -1).content = found[1]
        state.posMax = end
    state.pos = found.end()
    return True


def show_code(path: Path, names: list[str], language: str) -> str:
    """Return the lines of a file from the first name to the last, coloured."""
    first, last = span(path, names)
    lines = path.read_text(encoding="utf-8").splitlines()[first - 1 : last]
    where = words(language)["code_from"].format(file=path.name, first=first, last=last)
    copy, copied = (html.escape(words(language)[key]) for key in ("copy", "copied"))
    return (
        f'<div class="code"><div class="from"><span>{html.escape(where)}</span>'
        f'<button type="button" class="copy" data-copied="{copied}" hidden>{copy}</button></div>'
        f'<pre tabindex="0"><code>{coloured(lines)}</code></pre></div>\n'
    )


def coloured(lines: list[str], marked: Sequence[int] = ()) -> str:
    """Return lines of Python as HTML; those that are `marked`, counted from 1, stand out."""
    return _coloured("\n".join(lines), tuple(marked))


@lru_cache(maxsize=1024)  # the code of a page is asked for with every page
def _coloured(code: str, marked: tuple[int, ...]) -> str:
    return str(highlight(code, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True, hl_lines=marked)))


def span(path: Path, names: list[str]) -> tuple[int, int]:
    """Return the lines of a file from the first name to the last, or from its start to its end."""
    source = path.read_text(encoding="utf-8")
    spans = [_span(path, source, name) for name in names] or [(1, source.count("\n"))]
    return spans[0][0], spans[-1][1]


def _span(path: Path, source: str, name: str) -> tuple[int, int]:
    """Return the first and last line of a function, class or constant at the top of a file."""
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", node)]
        each = [one for target in targets for one in getattr(target, "elts", [target])]  # a, b = 1, 2 names two
        names = [getattr(one, "name", getattr(one, "id", None)) for one in each]
        if name in names and node.end_lineno is not None:
            decorators = [d.lineno for d in getattr(node, "decorator_list", [])]
            return min([node.lineno, *decorators]), node.end_lineno
    raise LessonError(f"{path}: nothing named {name} to show")
