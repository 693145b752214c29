"""Lessons are found by path; what is not there is answered with the nearest name."""

from pathlib import Path

import pytest
from tests.conftest import COURSE, job_of

from seelearn.engine import frameworks
from seelearn.engine.catalogue import Catalogue, Lesson
from seelearn.engine.frameworks import Framework
from seelearn.engine.job import make_job
from seelearn.errors import NotFoundError, UserError


def test_the_course_holds_every_folder_with_a_lesson() -> None:
    assert [lesson.name for lesson in COURSE.lessons] == sorted(
        path.parent.name for path in COURSE.folder.glob("*/lesson.toml")
    )


def test_an_unknown_lesson_suggests_the_nearest() -> None:
    with pytest.raises(NotFoundError, match="no lesson 'batch_normalisation': did you mean batch_normalization"):
        COURSE.lesson("batch_normalisation")


def test_a_folder_that_is_not_there_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="--lessons DIR"):
        Catalogue(tmp_path / "nothing")


def test_a_framework_the_lesson_is_not_written_in(lesson: Lesson) -> None:
    with pytest.raises(NotFoundError, match="not written in 'keras': allowed is torch"):
        make_job(lesson, "keras", {})


def test_a_framework_that_is_not_installed_says_what_to_type(lesson: Lesson, monkeypatch: pytest.MonkeyPatch) -> None:
    absent = Framework("torch", "PyTorch", "no-such-package", lambda module, seed: None)
    monkeypatch.setitem(frameworks.FRAMEWORKS, "torch", absent)
    with pytest.raises(UserError, match=r"PyTorch, which is not installed: pip install 'seelearn\[torch\]'"):
        make_job(lesson, None, {})


def test_equal_jobs_share_an_id_and_different_ones_do_not(lesson: Lesson) -> None:
    assert job_of(lesson, {"lr": "0.03"}).id == job_of(lesson).id
    others = [{"lr": 0.02}, {"seed": 1}, {"activation": "relu"}]
    assert len({job_of(lesson, given).id for given in [{}, *others]}) == 4  # type: ignore[arg-type]
