"""A job: the plain data from which a run follows."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from seelearn.engine.catalogue import Lesson
from seelearn.engine.frameworks import versions
from seelearn.engine.parameters import SEED, Value, check_parameters


@dataclass(frozen=True, slots=True)
class Job:
    """What to run. The same job on the same machine gives the same events.

    `code` is the SHA-256 of the experiment's file and `versions` what it ran with.
    """

    lesson: str
    framework: str
    parameters: dict[str, Value]
    seed: int
    code: str
    versions: dict[str, str]

    @property
    def id(self) -> str:
        """Sixteen letters that two jobs share only if they are equal."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def make_job(lesson: Lesson, framework: str | None, given: Mapping[str, Value]) -> Job:
    """Check what the user asked for and make the job; `given` may also hold `seed`.

    Raises `UserError` for an unknown or forbidden value, and for a framework that is not installed.
    """
    chosen = lesson.framework(framework)
    values = check_parameters([*lesson.parameters(chosen.name), SEED], given)
    chosen.require()
    seed = int(values.pop(SEED.name))
    code = hashlib.sha256(lesson.file(chosen.name).read_bytes()).hexdigest()
    return Job(lesson.name, chosen.name, values, seed, code, versions(chosen))
