"""A lesson as a Jupyter notebook: its prose and code in the order of the page, and a last cell that runs it."""

import ast
import pprint
import re
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from seelearn.engine.catalogue import Lesson
from seelearn.engine.parameters import SEED, text
from seelearn.evidence.evidence import Evidence
from seelearn.export.conclusions import known
from seelearn.labels import LANGUAGES, parameter_label, words
from seelearn.site.badges import verdict
from seelearn.site.prose import CLAIM, MARK, span

HEADING_ID = re.compile(r"\s*\{#[a-z_]+\}$", re.M)
MARKS = re.compile(MARK.pattern, re.M)
RUN_LINK = re.compile(r"\[([^\]]+)\]\(\?([^)#]*)(?:#\w+)?\)")
PAGE_LINK = re.compile(r"\[([^\]]+)\]\(#\w+\)")
CHINESE_BREAK = re.compile(r"(?<=[^\x00-\x7f])\n(?=[^\x00-\x7f])")
"""A line ends where Chinese has no space; a list, a table or a heading begins with an ASCII character."""


def notebook(lesson: Lesson, framework: str, language: str) -> str:
    """Return the notebook of a lesson in one framework, as the JSON of its file; it is the same every time."""
    said = words(language, "notebook")
    intro = f"# {lesson.title(language)}\n\n{lesson.labels['summary'][language]}\n\n"
    intro += said["needs"].format(command=lesson.framework(framework).command)
    cells = [new_markdown_cell(intro), *_body(lesson, framework, language)]
    cells.append(new_markdown_cell(f"## {said['run']}\n\n{said['about']}"))
    hidden = {"jupyter": {"source_hidden": True}}
    cells.append(new_code_cell(f"# {said['labels']}\nlabels = {_labels(lesson, language)}", metadata=hidden))
    cells.append(new_code_cell(_run(lesson, framework, language)))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"  # nbformat draws them at random
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})
    return str(nbformat.writes(made)) + "\n"


def _body(lesson: Lesson, framework: str, language: str) -> list[Any]:
    """Return the cells of the prose, and of the code where the page shows it; before them, the rest of the code."""
    path = lesson.file(framework)
    lines = path.read_text(encoding="utf-8").splitlines()
    unseen = set(range(1, len(lines) + 1)) - _left_out("\n".join(lines))
    prose = lesson.prose(language).read_text(encoding="utf-8")
    cells, start = [], 0
    for mark in MARKS.finditer(prose):
        cells.append(_prose(prose[start : mark.start()], lesson, framework, language))
        start = mark.end()
        if mark[1] == "lab":
            cells.append(new_markdown_cell(f"*{words(language, 'notebook')['lab']}*"))
            continue
        first, last = span(path, mark[2].split())
        shown = [number for number in range(first, last + 1) if number in unseen]
        unseen -= set(shown)
        cells.append(_code(lines, shown))
    cells.append(_prose(prose[start:], lesson, framework, language))
    return [cell for cell in (_code(lines, sorted(unseen)), *cells) if cell["source"]]


def _code(lines: list[str], numbers: list[int]) -> Any:
    """Return a cell with these lines; where others are left out between them, so are their blank lines."""
    code = "\n".join(lines[number - 1] for number in numbers).strip("\n")
    return new_code_cell(re.sub(r"\n{4,}", "\n\n\n", code))


def _left_out(source: str) -> set[int]:
    """Return the lines that a notebook has no use for: the docstring, which repeats the title, and `play(run)`."""
    lines: set[int] = set()
    for node in ast.parse(source).body:
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        guard = isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)
        if docstring or guard:
            lines |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


def _prose(prose: str, lesson: Lesson, framework: str, language: str) -> Any:
    """Return a cell of prose, with what only a page can do said in words."""
    evidence = known(lesson)
    if evidence is not None and evidence.framework != framework:
        evidence = None
    prose = CLAIM.sub(lambda found: _claim(found[1], found[2], lesson, evidence, language), prose)
    prose = RUN_LINK.sub(lambda found: f"{found[1]} ({_arguments(found[2], lesson, framework)})", prose)
    prose = PAGE_LINK.sub(r"\1", HEADING_ID.sub("", prose))
    if language == "zh":
        prose = CHINESE_BREAK.sub("", prose)
    return new_markdown_cell(prose.strip("\n"))


def _claim(name: str, sentence: str, lesson: Lesson, evidence: Evidence | None, language: str) -> str:
    found, said = verdict(evidence, name, language, stale=evidence is not None and evidence.stale(lesson))
    return f"~~{sentence}~~ [{said}]" if found == "refuted" else f"{sentence} [{said}]"


def _arguments(query: str, lesson: Lesson, framework: str) -> str:
    """Return a link's parameters as they stand in the call of the last cell."""
    known = {parameter.name: parameter for parameter in lesson.parameters(framework)}
    given = {name: value for name, _, value in (pair.partition("=") for pair in query.split("&"))}
    return ", ".join(f"`{name}={known[name].parse(value)!r}`" for name, value in given.items() if name in known)


def _labels(lesson: Lesson, language: str) -> str:
    """Return what the charts need of lesson.toml, as Python."""

    def chosen(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if set(value) == set(LANGUAGES):
            return {language: value[language]}
        return {key: chosen(inner) for key, inner in value.items()}

    needed = {key: chosen(lesson.labels[key]) for key in ("steps", "series", "charts", "notes")}
    return pprint.pformat(needed, width=120, sort_dicts=False)


def _run(lesson: Lesson, framework: str, language: str) -> str:
    lines = ["from seelearn.notebook import watching", ""]
    lines.append(f'with watching(labels, "{framework}", "{language}", seed={SEED.default}) as show:')
    lines.append("    run(\n        show,")
    for parameter in lesson.parameters(framework):
        label = parameter_label(lesson.labels, parameter.name, language)
        allowed = " | ".join(repr(choice) for choice in parameter.choices)
        if parameter.range:
            low, high = text(parameter.range.low), text(parameter.range.high)
            allowed = words(language)["from_to"].format(low=low, high=high)
        lines.append(f"        {parameter.name}={parameter.default!r},  # {label}: {allowed}")
    return "\n".join([*lines, "    )"])
