"""A lesson that claims things, small enough to be measured in a test."""

from collections.abc import Callable

import pytest

from seelearn.engine.catalogue import Lesson

CLAIMS = '''
"""Without `measure`: the lesson is run seed by seed."""

from seelearn.claims import Trial, claim

CONDITIONS = {{"short": {{"n": 2}}, "long": {{"n": 5}}}}

@claim("short", "long", share=0.5)
def falls(trial: Trial) -> bool:
    return bool(trial.lines["loss"]["a"][-1] < trial.lines["loss"]["a"][0])

@claim("long", share=0.5, refuted={marked})
def rises(trial: Trial) -> bool:
    return not falls(trial)

@claim("long", median=(0, 0.5))
def last(trial: Trial) -> float:
    return trial.last("loss", "a")
'''


@pytest.fixture
def claiming(trial: Callable[[str], Lesson]) -> Callable[..., Lesson]:
    """Return a function that writes a lesson with claims; its loss is 1/(n + 1) at the end, and `rises` is false."""

    def write(body: str = "pass", *, marked: bool = True) -> Lesson:
        lesson = trial(body)
        lesson.claims.write_text(CLAIMS.format(marked=marked), encoding="utf-8")
        return lesson

    return write
