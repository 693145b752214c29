"""A small course with everything that many seeds say: claims, evidence and a map, none of it the flagship's."""

import json
from pathlib import Path
from typing import Any

from seelearn.engine.catalogue import Lesson
from seelearn.engine.job import code_hash
from seelearn.events import Numbers
from seelearn.evidence.evidence import Condition, Evidence, Proof
from seelearn.evidence.statistics import Verdict

TOML = """
steps = { zh = "步", en = "Step" }
title = { zh = "试验", en = "Trial" }
summary = { zh = "试验", en = "Trial" }
parameters = { n = { zh = "步数", en = "Steps" }, kind = { zh = "脾气", en = "Kind", choices = { wild = { zh = "狂野", en = "Wild" }, calm = { zh = "平静", en = "Calm" } } } }
series = { a = { zh = "甲", en = "A" }, b = { zh = "乙", en = "B" } }
notes = { end = { zh = "完了。", en = "Done." } }

[charts.loss]
kind = "lines"
series = ["a", "b"]
title = { zh = "误差", en = "Loss" }
x = { zh = "步", en = "step" }
y = { zh = "平方误差", en = "squared error" }
log = true

[charts.cloud]
kind = "plot"
series = ["a"]
title = { zh = "点", en = "Cloud" }
x = { zh = "x", en = "x" }
y = { zh = "y", en = "y" }
"""

CODE = """
import time
from typing import Annotated, Literal

import torch
from seelearn.show import Range, Show


def run(
    show: Show,
    n: Annotated[int, Range(1, 1000)] = 3,
    kind: Literal["calm", "wild"] = "calm",
    wait: Annotated[float, Range(0, 1)] = 0.0,
) -> None:
    for step in show.steps(n):
        time.sleep(wait)
        show.line("loss", "a", 2 / (step + 1) + torch.rand(()).item() * (3 if kind == "wild" else 1))
        show.points("cloud", "a", [0, 1], [0, step])
    show.note("end")
"""

CLAIMS = """
from seelearn.claims import Trial, claim

CONDITIONS = {"calm": {}, "wild": {"kind": "wild"}}


@claim("calm", "wild", share=0.95)
def falls(trial: Trial) -> bool:
    return trial.lines["loss"]["a"][-1] < trial.lines["loss"]["a"][0]


@claim("calm", median=(0, 2))
def ends(trial: Trial) -> float:
    return trial.last("loss", "a")
"""

PROSE = {
    "en": """## Watch {#watch}

{{ claim falls.calm: The loss *falls* with `run`. }} {{ claim falls.wild: It falls when wild. }}

- {{ claim ends.calm: It ends
  low. }}
- {{ claim rises.calm: It rises. }}

{{ lab }}

{{ code run }}
""",
    "zh": """## 看 {#watch}

{{ claim falls.calm: 误差会*下降*。 }}{{ claim falls.wild: 狂野时也会下降。 }}

- {{ claim ends.calm: 最后
  很低。 }}
- {{ claim rises.calm: 它会上升。 }}

{{ lab }}

{{ code run }}
""",
}


def write_course(folder: Path) -> Lesson:
    """Write the lesson `trial` with evidence that fits its code, and a map."""
    place = folder / "trial"
    place.mkdir(parents=True)
    (place / "lesson.toml").write_text(TOML, encoding="utf-8")
    (place / "with_torch.py").write_text(CODE, encoding="utf-8")
    (place / "claims.py").write_text(CLAIMS, encoding="utf-8")
    for language, text in PROSE.items():
        (place / f"{language}.md").write_text(text, encoding="utf-8")
    lesson = Lesson("trial", place)
    evidence(lesson).write(lesson.evidence)
    (place / "map.json").write_text(json.dumps(sweep()), encoding="utf-8")
    return lesson


def evidence(lesson: Lesson) -> Evidence:
    """Return evidence with one claim that holds, one that is refuted, and a median."""
    return Evidence(
        lesson=lesson.name,
        framework="torch",
        code=code_hash(lesson, "torch", claims=True),
        versions={"torch": "9.9"},
        python="3.11",
        machine="Linux x86_64, 2 cores",
        date="2026-11-23",
        seeds=1024,
        conditions={"calm": condition("calm"), "wild": condition("wild")},
        claims={
            "falls.calm": proof("calm", "holds", 0.99296, 0.99976, count=1022),
            "falls.wild": proof("wild", "refuted", 0.0, 0.0036, count=0),
            "ends.calm": proof("calm", "holds", 0.98765, 1.0549, value=1.02345, nan=3),
        },
    )


def condition(kind: str) -> Condition:
    """Return what was measured: the last value is 1.000 in the least of the seeds and 1.100 in the largest."""
    steps: dict[str, Numbers] = {
        "low": [2.1, 1.1, 0.8, 0.6],
        "mid": [2.5, 1.5, 1.2, 1.0],
        "high": [2.9, 1.9, 1.6, None],
    }
    last: list[float | None] = [1 + k / 1000 for k in range(101)]
    return {
        "parameters": {"n": 3, "kind": kind, "wait": 0.0},
        "seeds": 1024,
        "bands": {"loss": {"a": steps, "b": steps}},
        "last": {"loss": {"a": last, "b": last}},
        "nan": {"loss": {"a": 0, "b": 0}},
    }


def proof(
    condition: str,
    verdict: Verdict,
    low: float,
    high: float,
    *,
    count: int | None = None,
    value: float | None = None,
    nan: int = 0,
) -> Proof:
    """Return what was found: a share if there is a count, else a median."""
    return {
        "count": count,
        "of": 1024,
        "nan": nan,
        "value": value if count is None else count / 1024,
        "low": low,
        "high": high,
        "condition": condition,
        "share": None if count is None else 0.95,
        "median": [0, 2] if count is None else None,
        "refuted": verdict == "refuted",
        "verdict": verdict,
    }


def sweep() -> dict[str, Any]:
    """Return a map of two kinds and three numbers of steps; one cell is not a number."""
    cells = []
    for row, kind in enumerate(("calm", "wild")):
        for n in (8, 2, 4):
            for series in ("a", "b"):
                median = None if (kind, n, series) == ("wild", 8, "b") else 10.0**row * n
                numbers = dict.fromkeys(("low", "interval_low", "high", "interval_high"), median)
                cells.append(
                    {"cell": {"kind": kind, "n": n}, "chart": "loss", "series": series, "seeds": 32, "nan": 0,
                     "mid": median, **numbers}
                )  # fmt: skip
    return {
        "format": 1,
        "lesson": "trial",
        "framework": "torch",
        "code": "older",
        "date": "2026-11-23",
        "seeds": 32,
        "axes": {"kind": ["calm", "wild"], "n": [8, 2, 4]},
        "parameters": {"wait": 0.0},
        "cells": cells,
    }
