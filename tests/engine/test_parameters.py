"""Parameters are read from the signature, and what is not allowed is refused in words."""

from pathlib import Path

import pytest

from seelearn.engine.catalogue import Lesson
from seelearn.engine.parameters import (
    SEED,
    Parameter,
    ParameterError,
    check_parameters,
    read_parameters,
)
from seelearn.errors import LessonError, UserError
from seelearn.show import Range


def written(tmp_path: Path, signature: str) -> list[Parameter]:
    path = tmp_path / "with_torch.py"
    path.write_text(f"import nothing_like_this\n\ndef run(show, {signature}):\n    ...\n", encoding="utf-8")
    return read_parameters(path)


def test_every_kind_is_read_without_importing_the_lesson(tmp_path: Path) -> None:
    found = written(
        tmp_path,
        'lr: Annotated[float, Range(1e-4, 1)] = 0.03, n: Annotated[int, Range(1, 9)] = 2, kind: Literal["a", "b"] = "b"',
    )
    assert found == [
        Parameter("lr", float, 0.03, Range(1e-4, 1)),
        Parameter("n", int, 2, Range(1, 9)),
        Parameter("kind", str, "b", choices=("a", "b")),
    ]


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        ("lr: float = 0.1", "lr must be Annotated"),
        ("lr: Annotated[float, Range(0, 1)]", "needs a default"),
        ("lr: Annotated[float, Range(0, 1)] = 5.0", "default of lr is '5.0'"),
    ],
)
def test_a_signature_that_cannot_be_read_names_the_place(tmp_path: Path, signature: str, words: str) -> None:
    with pytest.raises(LessonError, match=words) as caught:
        written(tmp_path, signature)
    assert "with_torch.py" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("lr", "3", "lr is '3', but must be a number from 0.0001 to 1: try lr = 1"),
        ("lr", "nan", "lr is 'nan', but must be a number from 0.0001 to 1: try lr = 0.03"),
        ("lr", "fast", "lr is 'fast', but must be a number from 0.0001 to 1: try lr = 0.03"),
        ("epochs", 2.5, "epochs is '2.5', but must be a whole number from 1 to 50: try epochs = 12"),
        ("epochs", "9" * 400, "epochs is '999"),
        ("lr", "9" * 400, "lr is '999"),
        ("epochs", "2.5", "epochs is '2.5', but must be a whole number from 1 to 50: try epochs = 12"),
        ("activation", "rleu", "activation is 'rleu', but must be one of tanh, relu, leaky_relu, sigmoid, selu: try activation = relu"),
        ("seed", "-1", "seed is '-1', but must be a whole number from 0 to 2147483647: try seed = 0"),
        ("momentun", "1", "no parameter 'momentun': did you mean momentum? allowed are"),
    ],
)  # fmt: skip
def test_a_refusal_names_what_was_given_what_is_allowed_and_what_to_type(
    lesson: Lesson, name: str, given: str | float, message: str
) -> None:
    with pytest.raises(UserError) as caught:
        check_parameters([*lesson.parameters("torch"), SEED], {name: given})
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_both_ends_of_a_range_are_allowed(lesson: Lesson) -> None:
    values = check_parameters(lesson.parameters("torch"), {"bias": "-1", "depth": "16", "lr": 1})
    assert (values["bias"], values["depth"], values["lr"]) == (-1.0, 16, 1.0)
    assert type(values["lr"]) is float


def test_a_refusal_has_the_parts_for_another_language(lesson: Lesson) -> None:
    depth = next(p for p in lesson.parameters("torch") if p.name == "depth")
    with pytest.raises(ParameterError) as caught:
        depth.parse("99")
    assert (caught.value.parameter, caught.value.given, caught.value.suggestion) == (
        depth,
        "99",
        "16",
    )
