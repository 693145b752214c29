"""What was measured of a lesson's claims: evidence.json, which `seelearn verify` writes and the page reads."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self, TypedDict

from seelearn.engine.catalogue import Lesson
from seelearn.engine.job import code_hash
from seelearn.engine.parameters import Value
from seelearn.errors import LessonError
from seelearn.events import Band, Numbers
from seelearn.evidence.statistics import Finding, Verdict

FORMAT = 1


class Proof(Finding):
    """One claim with what it promised, what was found, and the verdict."""

    condition: str
    share: float | None
    median: list[float] | None
    refuted: bool
    verdict: Verdict


class Condition(TypedDict):
    """What was measured under one set of parameters.

    `bands` holds, by chart and series, the quantiles `QUANTILES` at every step, and `last` a hundred and one quantiles
    of the last value, from the smallest to the largest.
    """

    parameters: dict[str, Value]
    seeds: int
    bands: dict[str, dict[str, dict[str, Numbers]]]
    last: dict[str, dict[str, Numbers]]
    nan: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that one `seelearn verify` found out about a lesson.

    `code` is the SHA-256 of the lesson's code and its claims at that time; `machine` names its kind, not the machine.
    """

    lesson: str
    framework: str
    code: str
    versions: dict[str, str]
    python: str
    machine: str
    date: str
    seeds: int
    conditions: dict[str, Condition]
    claims: dict[str, Proof]

    @classmethod
    def read(cls, lesson: Lesson) -> Self | None:
        """Read a lesson's evidence; None if there is none. Raises `LessonError` if the file is damaged."""
        path = lesson.evidence
        if not path.exists():
            return None
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content.pop("format") != FORMAT:
                raise LessonError(f"{path} has another format: run `seelearn verify {lesson.name}` again")
            evidence = cls(**content)
            evidence._check(lesson)
            return evidence
        except (ValueError, KeyError, TypeError, AttributeError):
            raise LessonError(f"{path} is damaged: run `seelearn verify {lesson.name}` again") from None

    def _check(self, lesson: Lesson) -> None:
        """Raise KeyError or ValueError if a part is missing: a page must not find that out in the middle."""
        if self.framework not in lesson.frameworks:
            raise ValueError(self.framework)
        for condition in self.conditions.values():
            if Condition.__required_keys__ - condition.keys():
                raise ValueError(condition)
        for proof in self.claims.values():
            if Proof.__required_keys__ - proof.keys() or proof["condition"] not in self.conditions:
                raise ValueError(proof)

    def write(self, path: Path) -> None:
        """Write it as JSON, a claim a line, so that a change can be read in a diff."""
        half = path.with_name(path.name + ".part")
        half.write_text(_text({"format": FORMAT, **asdict(self)}), encoding="utf-8")
        half.replace(path)

    def stale(self, lesson: Lesson) -> bool:
        """Whether the lesson's code or its claims have changed since."""
        return self.code != code_hash(lesson, self.framework, claims=True)

    def condition(self, parameters: Mapping[str, Value]) -> Condition | None:
        """Return what was measured under these parameters, if anything was."""
        for condition in self.conditions.values():
            if all(parameters.get(name) == value for name, value in condition["parameters"].items()):
                return condition
        return None


def bands(condition: Condition) -> Iterator[Band]:
    """Yield the bands of a condition, as the charts draw them."""
    for chart, group in condition["bands"].items():
        for series, band in group.items():
            yield {
                "kind": "band",
                "chart": chart,
                "series": series,
                "seeds": condition["seeds"],
                "x": list(range(len(band["mid"]))),
                "low": band["low"],
                "mid": band["mid"],
                "high": band["high"],
                "step": None,
                "t": 0.0,
            }


def _text(content: dict[str, Any]) -> str:
    """Return JSON with the two upper levels on lines of their own."""

    def line(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)

    rows = []
    for key, value in content.items():
        if key in ("conditions", "claims"):
            inner = ",\n".join(f"  {line(name)}: {line(one)}" for name, one in value.items())
            rows.append(f" {line(key)}: {{\n{inner}\n }}")
        else:
            rows.append(f" {line(key)}: {line(value)}")
    return "{\n" + ",\n".join(rows) + "\n}\n"
