"""The runs of a published course: recorded beforehand, replayed without a server."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from seelearn.engine.catalogue import Lesson
from seelearn.engine.job import Job, make_job
from seelearn.engine.parameters import SEED, Value, text
from seelearn.engine.pool import make_pool
from seelearn.engine.recording import Recording
from seelearn.events import Event, without_times
from seelearn.export.conclusions import under
from seelearn.export.report import sentences
from seelearn.labels import LANGUAGES, choice_label, parameter_label, words

LINK = re.compile(r"\]\(\?([^)#\s]+)[^)]*\)")
"""A link of the prose to a run: [what happens](?bias=0)."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One run that the page of a published lesson can replay."""

    job: Job
    label: Mapping[str, str]
    """What differs from the defaults, in each language"""

    @property
    def query(self) -> dict[str, str]:
        """All its parameters, as they stand in the address of a run."""
        return {name: text(value) for name, value in {**self.job.parameters, SEED.name: self.job.seed}.items()}


def runs_of(lesson: Lesson, framework: str) -> list[Recorded]:
    """Return the runs to record: the defaults, every other choice of a parameter, and every link of the prose."""
    asked: list[dict[str, Value]] = [{}]
    for parameter in lesson.parameters(framework):
        asked += [{parameter.name: choice} for choice in parameter.choices if choice != parameter.default]
    prose = lesson.prose(LANGUAGES[0]).read_text(encoding="utf-8")
    asked += [dict(parse_qsl(query)) for query in LINK.findall(prose)]
    jobs = {job.id: job for job in (make_job(lesson, framework, given) for given in asked)}
    labels = {job.id: {language: _label(lesson, job, language) for language in LANGUAGES} for job in jobs.values()}
    return [Recorded(job, labels[job.id]) for job in jobs.values()]


def record(lesson: Lesson, framework: str, runs: list[Recorded], folder: Path) -> Iterator[Recording]:
    """Run what has not been recorded below `folder` before; yield the recordings in the order of the runs.

    Raises `JobError` if a run fails.
    """
    pool = make_pool(lesson, framework, folder, None)
    for _ in pool.run([one.job for one in runs]):
        pass
    for one in runs:
        yield Recording.read(folder / one.job.id)


def script(recording: Recording, lesson: Lesson) -> str:
    """Return a recording as a script that hands it to the page: pages opened from a disk may load nothing else.

    It holds no times of the clock, so it is the same whenever the run was recorded.
    """
    bands: list[Event] = [*under(recording.job, lesson)]
    content = {
        "events": without_times(event for event in recording.events if event["kind"] != "note"),
        "bands": without_times(bands),
        "sentences": {language: sentences(recording, lesson, language) for language in LANGUAGES},
    }
    packed = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return f"(window.recordings ??= {{}})[{json.dumps(recording.job.id)}] = {packed};\n"


def _label(lesson: Lesson, job: Job, language: str) -> str:
    """Say what differs from the defaults."""
    said = words(language, "edition")
    parts = []
    for parameter in [*lesson.parameters(job.framework), SEED]:
        value = job.seed if parameter is SEED else job.parameters[parameter.name]
        if value != parameter.default:
            shown = (
                choice_label(lesson.labels, parameter.name, value, language) if isinstance(value, str) else text(value)
            )
            label = parameter_label(lesson.labels, parameter.name, language)
            parts.append(said["differs"].format(label=label, value=shown))
    return said["and"].join(parts) or said["default"]
