"""Two experiments side by side: the same lesson in two frameworks, statement by statement."""

import ast
from difflib import SequenceMatcher
from itertools import zip_longest
from pathlib import Path

from markupsafe import Markup

from seelearn.site.prose import coloured

Block = tuple[str, list[str]]
"""The name of a statement at the top of a file, and its lines."""


NOTHING: Block = ("", [])


def compare(left: Path, right: Path) -> list[tuple[Markup, Markup]]:
    """Return pairs of coloured code: statements of one name stand beside each other, lines that differ are marked."""
    ours, theirs = _blocks(left), _blocks(right)
    matcher = SequenceMatcher(a=[name for name, _ in ours], b=[name for name, _ in theirs], autojunk=False)
    pairs: list[tuple[list[str], list[str]]] = []
    for _, a, b, c, d in matcher.get_opcodes():
        pairs += [(one[1], other[1]) for one, other in zip_longest(ours[a:b], theirs[c:d], fillvalue=NOTHING)]
    return [_pair(one, other) for one, other in pairs]


def _pair(left: list[str], right: list[str]) -> tuple[Markup, Markup]:
    marked: tuple[list[int], list[int]] = ([], [])
    for tag, a, b, c, d in SequenceMatcher(a=left, b=right, autojunk=False).get_opcodes():
        if tag != "equal" and left and right:  # what stands alone differs anyway
            marked[0].extend(range(a + 1, b + 1))
            marked[1].extend(range(c + 1, d + 1))
    return _html(left, marked[0]), _html(right, marked[1])


def _html(lines: list[str], marked: list[int]) -> Markup:
    return Markup(coloured(lines, marked))  # noqa: S704 (made by Pygments, which escapes)


def _blocks(path: Path) -> list[Block]:
    """Split a file into its statements; comments go with what follows them, and imports stay together."""
    source = path.read_text(encoding="utf-8")
    lines, blocks, start = source.splitlines(), list[Block](), 0
    for node in ast.parse(source).body:
        name, end = _name(node), node.end_lineno or node.lineno
        if blocks and blocks[-1][0] == name == "import":
            blocks[-1][1].extend(lines[start:end])
        else:
            blocks.append((name, _trimmed(lines[start:end])))
        start = end
    return blocks


def _name(node: ast.stmt) -> str:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return "import"
    target = node.targets[0] if isinstance(node, ast.Assign) else node
    return str(getattr(target, "name", getattr(target, "id", type(node).__name__)))


def _trimmed(lines: list[str]) -> list[str]:
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    return lines[first:]
