"""What a run draws against scikit-learn's lasso and ridge, and the stacked measurement against a run."""

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Lasso, Ridge
from tests.conftest import COURSE, record

from seelearn.engine.module import load_module
from seelearn.engine.recording import Recording

LESSON = COURSE.lesson("regularization")
EASY = {"features": 8, "n": 120, "useful": 3, "strength": 0.2, "epochs": 20}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(LESSON, {**EASY, "seed": 4}, tmp_path_factory.mktemp("regularization") / "run")


def drawn(run: Recording, kind: str, chart: str, series: str) -> list[Any]:
    return [e for e in run.events if (e["kind"], e.get("chart"), e.get("series")) == (kind, chart, series)]


def features(x: list[float], count: int) -> Any:
    return np.sqrt(2) * np.cos(np.pi * np.outer(x, np.arange(1, count + 1)))


def paths(run: Recording, arm: str) -> tuple[Any, Any]:
    """Return the strengths and, as a set would, the paths of all weights after the last epoch: [weights, strengths]."""
    ends = [drawn(run, "curve", f"path_{arm}", name)[-1] for name in ("real", "useless")]
    rows = np.array([y for end in ends for y in end["y"]], float).reshape(8, -1)
    assert np.isnan(rows[:, -1]).all(), "a gap parts one weight's path from the next"
    return np.array(ends[0]["x"][: rows.shape[1] - 1]), rows[:, :-1]


@pytest.mark.parametrize("arm", ["proximal", "l2"])
def test_the_paths_are_those_of_scikit_learn(run: Recording, arm: str) -> None:
    (points,) = drawn(run, "points", "fit", "train")
    inputs, y = features(points["x"], 8), np.array(points["y"])
    strengths, found = paths(run, arm)
    for strength, weights in zip(strengths, found.T, strict=True):
        if arm == "proximal":
            model = Lasso(alpha=strength, fit_intercept=False, tol=1e-10, max_iter=100_000)
        else:
            model = Ridge(alpha=len(y) * strength, fit_intercept=False)
        expected = model.fit(inputs, y).coef_
        assert np.sort(weights) == pytest.approx(np.sort(expected), abs=2e-4), strength
        if arm == "proximal":
            assert (weights == 0).sum() == (expected == 0).sum()


def test_points_are_missing_just_where_weights_are_zero(run: Recording) -> None:
    for arm in ("none", "l2", "l1", "proximal"):
        sizes = drawn(run, "points", "sizes", arm)[-1]["y"]
        zeros = drawn(run, "line", "zeros", arm)[-1]["y"]
        assert sizes.count(None) == zeros
        assert (zeros > 0) is (arm == "proximal")


def test_all_start_from_the_same_weights_none_of_them_zero(run: Recording) -> None:
    first = [drawn(run, "points", "sizes", arm)[0]["y"] for arm in ("none", "l2", "l1", "proximal")]
    assert first[0] == first[1] == first[2] == first[3]
    assert None not in first[0]


def test_the_diamond_has_its_corner_on_the_answer(run: Recording) -> None:
    (answer,) = drawn(run, "points", "two", "proximal")
    (diamond,) = drawn(run, "curve", "two", "proximal")
    assert answer["y"] == [0]
    assert max(diamond["x"]) == pytest.approx(answer["x"][0])
    # by hand: with the second weight 0, (w − 1) + 0.5 · 0.15 + 0.2 = 0
    assert answer["x"][0] == pytest.approx(0.725, abs=1e-4)


def test_many_seeds_side_by_side_are_what_runs_are(run: Recording) -> None:
    claims = load_module(LESSON.claims)
    settings = {p.name: p.default for p in LESSON.parameters("torch")} | EASY
    _, trial = claims.measure([3, 4], **settings)
    for arm in ("none", "l2", "l1", "proximal"):
        shown = [e["y"] for e in drawn(run, "line", "error", arm)]
        assert trial.lines["error"][arm] == pytest.approx(shown, rel=1e-4)
        end = drawn(run, "curve", "strength", arm)[-1]["y"]
        assert trial.curves["strength"][arm][-1] == pytest.approx(end, rel=1e-4)
