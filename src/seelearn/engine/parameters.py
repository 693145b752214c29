"""A lesson's parameters, read from the signature of its `run` without importing it."""

import ast
import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seelearn.errors import LessonError, UserError
from seelearn.show import Range

Value = int | float | str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One knob of a lesson: a whole number, a number, or one of a few words."""

    name: str
    type: type[int] | type[float] | type[str]
    default: Value
    range: Range | None = None
    choices: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        """Say which values are allowed, as a person would."""
        if self.range is None:
            return "one of " + ", ".join(self.choices)
        noun = "a whole number" if self.type is int else "a number"
        return f"{noun} from {text(self.range.low)} to {text(self.range.high)}"

    def parse(self, given: Value) -> Value:
        """Turn what the user typed into a value, or raise a `UserError` that says what is allowed."""
        if self.range is None:
            if given in self.choices:
                return str(given)
            near = difflib.get_close_matches(str(given), self.choices, n=1)
            raise self._refuse(given, near[0] if near else self.default)
        try:
            if isinstance(given, bool):  # JSON's true is no 1
                raise ValueError
            value = float(given) if self.type is float else int(str(given))
            if math.isnan(value):
                raise ValueError
        except (ValueError, OverflowError):
            raise self._refuse(given, self.default) from None
        nearest = min(max(value, self.range.low), self.range.high)
        if value != nearest:
            raise self._refuse(given, nearest)
        return value

    def _refuse(self, given: Value, suggestion: Value) -> "ParameterError":
        shown = str(given)[:60].encode(errors="replace").decode()  # JSON can hold half a character
        return ParameterError(self, shown, text(suggestion))


class ParameterError(UserError):
    """A value that its parameter does not allow; the parts are there for a message in another language."""

    def __init__(self, parameter: Parameter, given: str, suggestion: str) -> None:
        self.parameter, self.given, self.suggestion = parameter, given, suggestion
        name = parameter.name
        super().__init__(f"{name} is {given!r}, but must be {parameter.allowed}: try {name} = {suggestion}")


def text(value: Value) -> str:
    """Return a value as a person writes it: 0.03, 12, tanh."""
    return f"{value:.12g}" if isinstance(value, float) else str(value)


SEED = Parameter("seed", int, 0, Range(0, 2**31 - 1))
SEEDS = Parameter("seeds", int, 64, Range(1, 65536))


def read_parameters(path: Path) -> list[Parameter]:
    """Read the parameters of the `run` in a lesson's file.

    Each is `Annotated[int, Range(low, high)]`, `Annotated[float, Range(low, high)]` or `Literal["a", "b"]`, with a
    default. Raises `LessonError` where the file says something else.
    """
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    except ValueError as error:
        raise LessonError(f"{path}: {error}") from None
    except SyntaxError as error:
        raise LessonError(f"{path}:{error.lineno}: {error.msg}") from None
    run = next((n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "run"), None)
    if run is None:
        raise LessonError(f"{path}: no function named run")
    names = run.args.args[1:]
    defaults = run.args.defaults
    if len(names) != len(defaults):
        raise LessonError(f"{path}: every parameter of run after show needs a default")
    return [_parameter(path, arg, default) for arg, default in zip(names, defaults, strict=True)]


def _parameter(path: Path, arg: ast.arg, default: ast.expr) -> Parameter:
    try:
        return _read(path, arg, default)
    except (TypeError, ValueError):  # a Range of something else than two numbers
        raise LessonError(f"{path}:{arg.lineno}: {arg.arg} needs plain numbers or words") from None


def _read(path: Path, arg: ast.arg, default: ast.expr) -> Parameter:
    value = ast.literal_eval(default)
    match arg.annotation:
        case ast.Subscript(value=ast.Name("Literal"), slice=choices):
            words = ast.literal_eval(choices)
            words = words if isinstance(words, tuple) else (words,)
            found = Parameter(arg.arg, str, value, choices=words)
        case ast.Subscript(
            value=ast.Name("Annotated"),
            slice=ast.Tuple([ast.Name("int" | "float" as kind), ast.Call(ast.Name("Range")) as r]),
        ):
            bounds = [ast.literal_eval(a) for a in r.args]
            found = Parameter(arg.arg, int if kind == "int" else float, value, Range(*bounds))
        case _:
            raise LessonError(
                f"{path}:{arg.lineno}: {arg.arg} must be Annotated[int or float, Range(low, high)] or Literal[…]"
            )
    try:
        found.parse(value)
    except UserError as error:
        raise LessonError(f"{path}:{arg.lineno}: default of {error}") from None
    return found


def find_parameter(parameters: Sequence[Parameter], name: str) -> Parameter:
    """Return the parameter of this name; raise with the nearest name if there is none."""
    known = {p.name: p for p in parameters}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise UserError(f"no parameter {name[:60]!r}: {hint}allowed are {', '.join(known)}")


def check_parameters(parameters: list[Parameter], given: Mapping[str, Value]) -> dict[str, Value]:
    """Return a value for every parameter, the given one or the default, in the signature's order."""
    for name in given:
        find_parameter(parameters, name)
    return {p.name: p.parse(given.get(p.name, p.default)) for p in parameters}
