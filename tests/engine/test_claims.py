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

@claim("short", share=0.9)
@claim("long", share=0.5, refuted=True)
def falls(trial): ...

@claim("long", median=(0, 1))
def last(trial): ...

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
        ("falls.long", 0.5, None, True),
        ("last.long", None, (0, 1), False),
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
        ("CONDITIONS = {'a': {}, 'b': {'n': 3}}", "the conditions 'a' and 'b' are the same"),
        ("CONDITIONS = {'a': dict(n=2)}", "CONDITIONS: malformed"),
        ("CONDITIONS = {'a': [2]}", "CONDITIONS: "),
        ("CONDITIONS = {'a': {}}\n@claim('a', share=95)\ndef f(trial): ...", "above 0 and at most 1"),
        ("CONDITIONS = {'a': {}}\n@claim('a', median=(2, 1))\ndef f(trial): ...", "median=.low, high."),
        (
            "CONDITIONS = {'a': {}}\n@claim('a', share=0.5)\n@claim('a', median=(1, 2))\ndef f(trial): ...",
            "f.a promises twice",
        ),
    ],
)
def test_a_slip_is_named_with_its_file(trial: Trial, source: str, words: str) -> None:
    lesson = trial("pass")
    lesson.claims.write_text(source, encoding="utf-8")
    with pytest.raises(LessonError, match=words) as caught:
        read_claims(lesson, "torch")
    assert str(lesson.claims) in str(caught.value)


@pytest.mark.parametrize("signature", ["seeds, *, n", "seeds, **settings", "seeds, n"])
def test_however_measure_names_its_parameters_they_matter(trial: Trial, signature: str) -> None:
    lesson = trial("pass")
    lesson.claims.write_text(f"CONDITIONS: dict = {{'a': {{'n': 2}}}}\ndef measure({signature}): ...", encoding="utf-8")
    read = read_claims(lesson, "torch")
    assert read.irrelevant == frozenset()
    assert read.conditions == {"a": {"n": 2}}


def test_the_decorator_wants_one_promise() -> None:
    from seelearn.claims import claim

    with pytest.raises(ValueError, match="either"):
        claim("a")
    with pytest.raises(ValueError, match="either"):
        claim("a", share=0.5, median=(0, 1))
