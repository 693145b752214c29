"""Claims read from a lesson's claims.py without importing it."""

from collections.abc import Callable

import pytest

from seelearn.engine.catalogue import Lesson
from seelearn.engine.claims import read_claims
from seelearn.errors import LessonError

CLAIMS = """
import nothing_that_is_installed

CONDITIONS = {"short": {"n": 2}, "long": {"n": 9}}

def measure(seeds, n): ...

@claim("short", "long", share=0.9)
@claim("long", median=(0, 1), refuted=True)
def falls(trial): ...

def helper(trial): ...
"""

Trial = Callable[[str], Lesson]


def test_every_decorator_and_condition_is_a_claim(trial: Trial) -> None:
    lesson = trial("pass")
    lesson.claims.write_text(CLAIMS, encoding="utf-8")
    read = read_claims(lesson, "torch")
    assert read.conditions == {"short": {"n": 2}, "long": {"n": 9}}
    assert [(c.name, c.share, c.median, c.refuted) for c in read.claims] == [
        ("falls.short", 0.9, None, False),
        ("falls.long", 0.9, None, False),
        ("falls.long", None, (0, 1), True),
    ]
    assert read.stacked
    assert [c.name for c in read.on({"n": 2})] == ["falls.short"]
    assert read.on({"n": 3}) == []


def test_a_lesson_need_not_claim_anything(trial: Trial) -> None:
    read = read_claims(trial("pass"), "torch")
    assert (read.claims, read.conditions, read.stacked) == ([], {}, False)


def test_parameters_that_measure_does_not_take_make_no_difference(lesson: Lesson) -> None:
    read = read_claims(lesson, "torch")
    assert read.irrelevant == {"arms"}
    tanh = read.conditions["tanh"]
    assert {c.name for c in read.on({**tanh, "arms": "four"})} == {c.name for c in read.on(tanh)} != set()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("CONDITIONS = {'a': {'n': 0}}", "n is '0', but must be"),
        ("CONDITIONS = {'a': {'m': 1}}", "no parameter 'm'"),
        ("@claim('b', share=0.9)\ndef f(trial): ...", "names the condition 'b'"),
        ("@claim('b', share=SHARE)\ndef f(trial): ...", "takes plain numbers"),
        ("def f(:", "invalid syntax"),
    ],
)
def test_a_slip_is_named_with_its_file(trial: Trial, source: str, words: str) -> None:
    lesson = trial("pass")
    lesson.claims.write_text(source, encoding="utf-8")
    with pytest.raises(LessonError, match=words) as caught:
        read_claims(lesson, "torch")
    assert str(lesson.claims) in str(caught.value)


def test_the_decorator_wants_one_promise() -> None:
    from seelearn.claims import claim

    with pytest.raises(ValueError, match="either"):
        claim("a")
    with pytest.raises(ValueError, match="either"):
        claim("a", share=0.5, median=(0, 1))
