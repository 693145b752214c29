"""The run that a comment can carry: checked like one that is to be started, and kept as data, never as an address."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from seelearn.engine.catalogue import Lesson
from seelearn.engine.parameters import SEED, Value, check_parameters, text
from seelearn.errors import UserError
from seelearn.labels import choice_label, parameter_label, words

EPOCHS = 1_000_000
FRAMEWORK = "framework"


def check_run(lesson: Lesson, given: Mapping[str, Value], epoch: int | None) -> dict[str, Any]:
    """Return a run as it is kept; raise `UserError` for what the lesson does not allow.

    It asks the lesson for its ranges and needs no framework, so comments can live on a server that runs nothing.
    """
    asked = dict(given)
    framework = lesson.framework(str(asked.pop(FRAMEWORK)) if FRAMEWORK in asked else None).name
    parameters = check_parameters([*lesson.parameters(framework), SEED], asked)
    seed = parameters.pop(SEED.name)
    return {FRAMEWORK: framework, "parameters": parameters, "seed": seed, "epoch": epoch}


def link(lesson: Lesson, run: Mapping[str, Any], language: str) -> dict[str, str]:
    """Return where a run opens, from its lesson's page, and what to call it: what differs from the defaults."""
    query = {**run["parameters"], SEED.name: run["seed"]}
    if run[FRAMEWORK] != lesson.framework().name:
        query[FRAMEWORK] = run[FRAMEWORK]
    address = f"?{urlencode(query)}"
    if run["epoch"] is not None:
        address += f"#epoch-{run['epoch']}"
    return {"address": address, "label": " · ".join(_parts(lesson, run, language))}


def _parts(lesson: Lesson, run: Mapping[str, Any], language: str) -> list[str]:
    try:
        defaults = {p.name: p.default for p in lesson.parameters(run[FRAMEWORK])}
    except (UserError, OSError):  # the lesson has left this framework since
        defaults = {}
    parts = [
        f"{parameter_label(lesson.labels, name, language)} {_value(lesson, name, value, language)}"
        for name, value in run["parameters"].items()
        if value != defaults.get(name)
    ]
    parts.append(f"{words(language)['seed']} {run['seed']}")
    if run["epoch"] is not None:
        parts.append(f"{lesson.labels['steps'][language]} {run['epoch']}")
    return parts


def _value(lesson: Lesson, name: str, value: Value, language: str) -> str:
    return choice_label(lesson.labels, name, value, language) if isinstance(value, str) else text(value)
