"""A job: the plain data from which a run follows."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from seelearn.engine.catalogue import Lesson
from seelearn.engine.frameworks import versions
from seelearn.engine.parameters import SEED, SEEDS, Value, check_parameters


@dataclass(frozen=True, slots=True)
class Job:
    """What to run. The same job on the same machine gives the same events.

    Without `seeds` the lesson is run and drawn. With it, so many seeds from `seed` on are measured, and what is drawn
    is the band they make; `axes` are the parameters of a sweep, with several values each, in every combination. `code`
    is the SHA-256 of the lesson's code and `versions` what it ran with.
    """

    lesson: str
    framework: str
    parameters: dict[str, Value]
    seed: int
    seeds: int | None
    code: str
    versions: dict[str, str]
    axes: dict[str, list[Value]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Sixteen letters that two jobs share only if they are equal."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def make_job(lesson: Lesson, framework: str | None, given: Mapping[str, Value]) -> Job:
    """Check what the user asked for and make the job; `given` may also hold `seed` and `seeds`.

    Raises `UserError` for an unknown or forbidden value, and for a framework that is not installed.
    """
    chosen = lesson.framework(framework)
    known = [*lesson.parameters(chosen.name), SEED, *([SEEDS] if SEEDS.name in given else [])]
    values = check_parameters(known, given)
    chosen.require()
    seed = int(values.pop(SEED.name))
    seeds = int(values.pop(SEEDS.name)) if SEEDS.name in values else None
    code = code_hash(lesson, chosen.name, claims=seeds is not None)
    return Job(lesson.name, chosen.name, values, seed, seeds, code, versions(chosen))


def code_hash(lesson: Lesson, framework: str, *, claims: bool) -> str:
    """Return the SHA-256 of the experiment's file and, if asked, of the lesson's claims."""
    code = hashlib.sha256(lesson.file(framework).read_bytes())
    if claims and lesson.claims.exists():
        code.update(lesson.claims.read_bytes())
    return code.hexdigest()
