"""What each lesson takes and holds: seconds of a run, claims, words and lines.

    python benchmarks/lessons.py [LESSON ...]

Every lesson is run once with its default parameters, in a worker that has loaded its framework. “first” is the time to
the first step with something drawn, “run” the time to the end, both in seconds from the press of Run; “kB” what is
recorded. English is counted in words, Chinese in Han characters; code and formulas are left out. “longest” is the
longest of the lesson's files in lines.
"""

import re
import sys
import tempfile
import time
from pathlib import Path

from seelearn.engine.catalogue import Catalogue, Lesson
from seelearn.engine.job import make_job
from seelearn.engine.local import Engine
from seelearn.evidence.evidence import Evidence

HEAD = "lesson                       first    run     kB  seeds  held refuted     en     zh  longest"
APART = r"\{\{ code [^}]*\}\}|\{\{ claim [\w.]+:|`[^`]*`|\$[^$]*\$|\]\([^)]*\)|\{#\w+\}"
"""What is not prose."""


def main() -> None:
    """Print the table."""
    catalogue = Catalogue()
    engine = Engine(spares=1)
    print(HEAD)
    for lesson in catalogue.lessons:
        if not sys.argv[1:] or lesson.name in sys.argv[1:]:
            for framework in lesson.frameworks:
                print(
                    f"{lesson.name + ' ' + framework:<28}{timed(engine, lesson, framework)}{counted(lesson)}",
                    flush=True,
                )
    engine.close()


def timed(engine: Engine, lesson: Lesson, framework: str) -> str:
    """Return the seconds to the first picture and to the end of a run, and the size of its recording."""
    engine.warm(framework)
    time.sleep(6)  # the worker loads
    with tempfile.TemporaryDirectory() as place:
        begun, first, steps = time.perf_counter(), 0.0, 0
        run = engine.start(make_job(lesson, framework, {}), lesson.file(framework), Path(place, "run"))
        for event in run:
            steps += event["kind"] == "step"
            if steps == 1 and event["kind"] != "step":
                first = first or time.perf_counter() - begun
        seconds = time.perf_counter() - begun
    assert run.end.status == "finished", run.end
    return f"{first:>6.1f}{seconds:>7.1f}{run.size / 1000:>7.0f}"


def counted(lesson: Lesson) -> str:
    """Return the seeds, the claims that hold and those refuted, the words in both languages, and the longest file."""
    evidence = Evidence.read(lesson)
    verdicts = [proof["verdict"] for proof in evidence.claims.values()] if evidence else []
    held, refuted = verdicts.count("holds"), verdicts.count("refuted")
    english, chinese = (re.sub(APART, "", lesson.prose(language).read_text("utf-8")) for language in ("en", "zh"))
    words, characters = len(re.findall(r"[A-Za-z][\w’'-]*", english)), len(re.findall(r"[\u4e00-\u9fff]", chinese))
    files = [path for path in lesson.folder.iterdir() if path.suffix in {".py", ".md", ".toml"}]
    longest = max(len(path.read_text("utf-8").splitlines()) for path in files)
    seeds = evidence.seeds if evidence else 0
    return f"{seeds:>7}{held:>6}{refuted:>8}{words:>7}{characters:>7}{longest:>9}"


if __name__ == "__main__":
    main()
