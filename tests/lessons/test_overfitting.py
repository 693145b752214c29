"""What a run draws against NumPy, and the stacked measurement against a run."""

from typing import Any

import numpy as np
import pytest
import torch
from tests.conftest import COURSE, record

from seelearn.engine.measure import trial_of
from seelearn.engine.module import load_module
from seelearn.engine.recording import Recording

LESSON = COURSE.lesson("overfitting")
SETTINGS: dict[str, int | float | str] = {"degree": 7, "n": 20, "epochs": 3, "rate": 0.5, "seed": 4}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(LESSON, SETTINGS, tmp_path_factory.mktemp("overfitting") / "run")


def drawn(run: Recording, kind: str, chart: str, series: str) -> list[Any]:
    return [e for e in run.events if (e["kind"], e.get("chart"), e.get("series")) == (kind, chart, series)]


def test_the_polynomial_is_that_of_numpy(run: Recording) -> None:
    (points,) = drawn(run, "points", "polynomial", "points")
    (curve,) = drawn(run, "curve", "polynomial", "polynomial")
    oracle = np.polynomial.Polynomial.fit(points["x"], points["y"], 7)
    assert curve["y"] == pytest.approx(np.clip(oracle(np.array(curve["x"])), -2.5, 2.5), abs=6e-3)
    (errors,) = drawn(run, "curve", "degree", "training")
    expected = np.mean((oracle(np.array(points["x"])) - points["y"]) ** 2)
    assert errors["y"][7] == pytest.approx(expected, rel=1e-3)


def test_beyond_the_points_the_smallest_weights_are_taken(run: Recording) -> None:
    torch.manual_seed(4)
    code = vars(load_module(LESSON.file("torch")))
    (x, y), _, (test_x, test_y) = (code["sample"](m, 0.4) for m in (20, 20, 500))
    (errors,) = drawn(run, "curve", "degree", "test")
    vander = np.polynomial.legendre.legvander
    for degree in (40, 100):
        weights = np.linalg.pinv(vander(x[:, 0].double(), degree)) @ y.double().numpy()
        expected = np.mean((vander(test_x[:, 0].double(), degree) @ weights - test_y.numpy()) ** 2)
        assert errors["y"][degree] == pytest.approx(min(expected, 1e3), rel=0.02)


def test_a_look_leaves_dropout_out_and_forgetting_shows_it(run: Recording) -> None:
    (points,) = drawn(run, "points", "fit", "points")
    for look, forgot, line in zip(
        drawn(run, "curve", "fit", "dropout"),
        drawn(run, "curve", "modes", "forgot"),
        drawn(run, "line", "training", "dropout"),
        strict=True,
    ):
        at_points = np.interp(points["x"], look["x"], look["y"])  # straight between its corners
        assert np.mean((at_points - points["y"]) ** 2) == pytest.approx(line["y"], rel=0.1)
        assert np.abs(np.diff(forgot["y"])).mean() > 5 * np.abs(np.diff(look["y"])).mean()


def test_the_dot_stands_on_the_lowest_validation_loss_and_its_network_is_kept(run: Recording) -> None:
    history = drawn(run, "curve", "stop", "validation")[-1]["y"]
    best = int(np.argmin(history))
    dot = drawn(run, "points", "stop", "best")[-1]
    assert (dot["x"], dot["y"]) == ([best], [history[best]])
    assert drawn(run, "curve", "fit", "stopped")[-1]["y"] == drawn(run, "curve", "fit", "plain")[best]["y"]
    said: Any = run.events[-1]
    assert said["values"]["stopped"] == pytest.approx(drawn(run, "line", "loss", "plain")[best]["y"])


def test_networks_side_by_side_are_those_of_runs(run: Recording) -> None:
    claims = load_module(LESSON.claims)
    trial = list(claims.measure([3, 4], 20, 0.4, 0.5, 50, 3))[1]
    one = trial_of(4, run.events)
    for chart in ("training", "loss", "gap"):
        for arm in ("plain", "more"):  # dropout draws other units
            assert trial.lines[chart][arm] == pytest.approx(one.lines[chart][arm], rel=0.02, abs=1e-3)
        assert trial.lines[chart]["dropout"][0] == pytest.approx(one.lines[chart]["dropout"][0], rel=1e-3)
