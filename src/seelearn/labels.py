"""Words for readers: seelearn's own from words.toml, and a lesson's put into sentences."""

import math
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from seelearn.events import Note

LANGUAGES = ("zh", "en")
WORDS = Path(__file__).parent / "words.toml"


@cache
def words(language: str, table: str = "", path: Path = WORDS) -> dict[str, str]:
    """Return words in a language, of the top of a words.toml (seelearn's own) or of one of its tables."""
    with path.open("rb") as file:
        content = tomllib.load(file)
    chosen = content[table] if table else content
    return {key: value[language] for key, value in chosen.items() if language in value}


def sentence(labels: dict[str, Any], note: Note, language: str) -> str:
    """Return the sentence of a note, with its values in it; a value that names a series becomes its label."""
    try:
        values: dict[str, Any] = {
            name: labels["series"][value][language] if isinstance(value, str) else _number(value)
            for name, value in note["values"].items()
        }
        return str(labels["notes"][note["key"]][language]).format(**values)
    except (KeyError, ValueError):  # a slip in lesson.toml must not hide the run from its viewers
        return f"{note['key']}: {note['values']}"


def parameter_label(labels: dict[str, Any], name: str, language: str) -> str:
    """Return what a reader calls a parameter; one without a label is its own, and the seeds are in every lesson."""
    if name in ("seed", "seeds"):
        return words(language)[name]
    return str(labels["parameters"].get(name, {}).get(language, name))


def choice_label(labels: dict[str, Any], name: str, choice: str, language: str) -> str:
    """Return what a reader calls one value of a parameter; a value without a label is its own."""
    choices = labels["parameters"].get(name, {}).get("choices", {})
    return str(choices[choice][language]) if choice in choices else choice


def whole(number: int, language: str) -> str:
    """Return a whole number as a reader writes it: 1,024 in English, 1024 in Chinese."""
    return f"{number:,}" if language == "en" else str(number)


def figure(value: float | None, language: str, digits: int = 4) -> str:
    """Return a number with so many digits that mean something; None is what is not a number."""
    if value is None:
        return "NaN"
    size = math.floor(math.log10(abs(value))) if value else 0
    if not -5 <= size <= 9:
        return f"{value:.{digits - 1}e}".replace("-", "−")
    places = max(0, digits - 1 - size)
    shown = f"{round(value, digits - 1 - size):{',' if language == 'en' else ''}.{places}f}"
    return (shown.rstrip("0").rstrip(".") if places else shown).replace("-", "−")


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
