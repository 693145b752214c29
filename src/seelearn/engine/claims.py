"""A lesson's claims and the conditions they are made for, read from its claims.py without importing it."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seelearn.engine.catalogue import Lesson
from seelearn.engine.parameters import Value, check_parameters
from seelearn.errors import LessonError, UserError


@dataclass(frozen=True, slots=True)
class Claim:
    """One promise under one condition; `judge` names the function in claims.py that looks at a seed."""

    judge: str
    condition: str
    share: float | None
    median: tuple[float, float] | None
    refuted: bool

    @property
    def name(self) -> str:
        """What the prose calls it."""
        return f"{self.judge}.{self.condition}"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a lesson claims: its conditions, each with a value for every parameter, and the claims in file order."""

    conditions: dict[str, dict[str, Value]]
    claims: list[Claim]
    stacked: bool
    """Whether claims.py trains many seeds at once itself, with a function `measure`"""
    irrelevant: frozenset[str]
    """Parameters of the lesson that `measure` does not take: they change what is shown, not what is trained"""

    def on(self, parameters: Mapping[str, Any]) -> list[Claim]:
        """Return the claims whose condition these parameters are."""
        return [
            one for one in self.claims if self.relevant(self.conditions[one.condition]) == self.relevant(parameters)
        ]

    def relevant(self, parameters: Mapping[str, Any]) -> dict[str, Value]:
        """Leave out what makes no difference to what is measured."""
        return {name: value for name, value in parameters.items() if name not in self.irrelevant}


def read_claims(lesson: Lesson, framework: str) -> Claims:
    """Read a lesson's claims; a lesson without claims.py has none.

    Raises `LessonError` where the file says something else.
    """
    path = lesson.claims
    parameters = lesson.parameters(framework)
    if not path.exists():
        return Claims({}, [], stacked=False, irrelevant=frozenset())
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    except (SyntaxError, ValueError) as error:
        raise LessonError(f"{path}: {error}") from None
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    try:
        conditions = {k: check_parameters(parameters, v) for k, v in _conditions(tree).items()}
    except (UserError, ValueError, TypeError, AttributeError) as error:
        raise LessonError(f"{path}: CONDITIONS: {error}") from None
    claims = [claim for node in functions.values() for claim in _claims(path, node)]
    _check(path, claims, conditions)
    measure = functions.get("measure")
    names = [p.name for p in parameters]
    taken = names if measure is None or measure.args.kwarg else _names(measure.args)
    irrelevant = frozenset(names) - set(taken)
    read = Claims(conditions, claims, stacked=measure is not None, irrelevant=irrelevant)
    seen: dict[str, str] = {}
    for name, values in conditions.items():
        same = seen.setdefault(repr(read.relevant(values)), name)
        if same != name:
            raise LessonError(f"{path}: the conditions {same!r} and {name!r} are the same")
    return read


def _names(arguments: ast.arguments) -> list[str]:
    return [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def _check(path: Path, claims: list[Claim], conditions: Mapping[str, Any]) -> None:
    names = [claim.name for claim in claims]
    for claim in claims:
        if claim.condition not in conditions:
            raise LessonError(f"{path}: {claim.judge} names the condition {claim.condition!r}, which CONDITIONS lacks")
        if names.count(claim.name) > 1:
            raise LessonError(f"{path}: {claim.name} promises twice: give the second promise a function of its own")
        shares = claim.share is not None and 0 < claim.share <= 1
        ranges = claim.median is not None and len(claim.median) == 2 and claim.median[0] < claim.median[1]
        if shares == ranges:
            raise LessonError(f"{path}: {claim.judge} needs share=…, above 0 and at most 1, or median=(low, high)")


def _conditions(tree: ast.Module) -> dict[str, dict[str, Value]]:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == "CONDITIONS" for target in targets):
            found: dict[str, dict[str, Value]] = ast.literal_eval(node.value)  # type: ignore[attr-defined]
            return found
    return {}


def _claims(path: Path, node: ast.FunctionDef) -> Iterator[Claim]:
    for call in node.decorator_list:
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "claim"):
            continue
        try:
            names = [ast.literal_eval(argument) for argument in call.args]
            promise: dict[str, Any] = {str(k.arg): ast.literal_eval(k.value) for k in call.keywords}
        except (ValueError, TypeError):
            raise LessonError(f"{path}:{call.lineno}: claim() takes plain numbers and words") from None
        for name in names:
            yield Claim(node.name, name, promise.get("share"), promise.get("median"), promise.get("refuted", False))
