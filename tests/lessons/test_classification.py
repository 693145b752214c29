"""The lesson against scikit-learn and hand computation, and its many seeds against its single run."""

import base64
import io
import math
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from tests.conftest import COURSE, record

from seelearn.engine.measure import trial_of
from seelearn.engine.module import load_module
from seelearn.engine.recording import Recording

LESSON = COURSE.lesson("classification")
SEED, EPOCHS = 3, 60
BLOBS: dict[str, int | float | str] = {"shape": "blobs", "noise": 0.5, "classes": 3, "points": 200}


@pytest.fixture(scope="module")
def code() -> dict[str, Any]:
    """The names in the lesson's file."""
    return vars(load_module(LESSON.file("torch")))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(LESSON, {"seed": SEED, "epochs": EPOCHS, **BLOBS}, tmp_path_factory.mktemp("c") / "run")


@pytest.mark.parametrize("shape", ["rings", "spirals", "blobs"])
def test_the_points_lie_where_the_shape_says(code: dict[str, Any], shape: str) -> None:
    torch.manual_seed(0)
    x, y = code["sample"](900, shape, 3, 0.0)
    radius, turn = x.norm(dim=1), torch.atan2(x[:, 1], x[:, 0]) / (2 * math.pi) % 1
    assert torch.bincount(y).tolist() == [300, 300, 300]
    if shape == "rings":
        assert torch.allclose(radius, 0.25 + 0.5 * y, atol=1e-5)
    elif shape == "blobs":
        assert torch.allclose(radius, torch.ones(900), atol=1e-5)
        assert torch.allclose(turn % 1, y / 3, atol=1e-5)
    else:  # along an arm the angle grows with the radius
        off = (turn - y / 3 - 0.7 * (radius - 0.2) / 1.2) % 1
        assert torch.minimum(off, 1 - off).max() < 1e-4


def test_without_a_hidden_layer_it_guesses_like_logistic_regression(code: dict[str, Any], run: Recording) -> None:
    torch.manual_seed(SEED)
    x, y = code["sample"](200, "blobs", 3, 0.5)
    test_x, test_y = code["sample"](600, "blobs", 3, 0.5)
    oracle = LogisticRegression(C=1e6).fit(x.numpy(), y.numpy())
    expected = confusion_matrix(test_y.numpy(), oracle.predict(test_x.numpy()))
    drawn = np.array(trial_of(SEED, run.events).tables["confusion"]["linear"][-1])
    assert drawn.sum() == 600
    assert np.abs(drawn - expected).sum() <= 0.05 * 600


def test_all_charts_of_an_epoch_tell_the_same(run: Recording) -> None:
    trial = trial_of(SEED, run.events)
    for arm in ("linear", "net"):
        accuracy = trial.last("accuracy", arm)
        assert np.trace(trial.tables["confusion"][arm][-1]) / 600 == pytest.approx(accuracy)
        last: Any = [e for e in run.events if e["kind"] == "curve" and e["series"] == arm][-1]
        assert len(last["x"]) == 10
        assert last["x"] == sorted(last["x"]), "the least sure group first"
        assert np.mean(last["y"]) == pytest.approx(accuracy, abs=1e-5)
        assert np.mean(last["x"]) - np.mean(last["y"]) == pytest.approx(trial.last("gap", arm), abs=1e-5)


def test_the_ground_below_a_blob_has_its_colour(code: dict[str, Any], run: Recording) -> None:
    for arm in ("linear", "net"):
        event: Any = [e for e in run.events if e["kind"] == "image" and e["chart"] == arm][-1]
        assert (event["x"], event["y"]) == ([-3.2, 3.2], [-1.92, 1.92])
        drawn = np.array(Image.open(io.BytesIO(base64.b64decode(event["url"].split(",")[1]))).convert("RGB"), float)
        for number, colour in enumerate(code["CLASSES"].values()):
            turn = 2 * math.pi * number / 3
            row, column = int((1.92 - 1.3 * math.sin(turn)) / 0.08), int((3.2 + 1.3 * math.cos(turn)) / 0.08)
            pale = 255 - 0.5 * (255 - np.array(colour))
            assert np.abs(drawn[row, column] - pale).max() < 25, f"{arm}: class {number} at pixel {row}, {column}"


def test_many_seeds_measure_what_one_run_draws(run: Recording) -> None:
    drawn = trial_of(SEED, run.events).lines
    (trial,) = load_module(LESSON.claims).measure([SEED], "blobs", 3, 0.5, 200, 32, 0.01, EPOCHS)
    assert {chart: set(group) for chart, group in trial.lines.items()} == {c: set(g) for c, g in drawn.items()}
    for chart, group in drawn.items():
        for series, line in group.items():
            assert trial.lines[chart][series][:6] == pytest.approx(line[:6], abs=0.004), f"{chart} {series}"
            assert trial.lines[chart][series][-1] == pytest.approx(line[-1], abs=0.05), f"{chart} {series}"
