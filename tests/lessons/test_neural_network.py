"""What the pictures show against computing it by hand, and many seeds against a single run."""

import base64
import io
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.linear_model import LinearRegression
from tests.conftest import COURSE, record

from seelearn.engine.measure import trial_of
from seelearn.engine.module import load_module
from seelearn.engine.recording import Recording

LESSON = COURSE.lesson("neural_network")
SEED = 4


@pytest.fixture(scope="module")
def code() -> dict[str, Any]:
    return vars(load_module(LESSON.file("torch")))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    settings: dict[str, int | float | str] = {"layers": 1, "units": 4, "epochs": 6, "seed": SEED}
    return record(LESSON, settings, tmp_path_factory.mktemp("neural") / "run")


def drawn(run: Recording, kind: str, chart: str, series: str) -> list[Any]:
    return [e for e in run.events if (e["kind"], e.get("chart"), e.get("series")) == (kind, chart, series)]


def pixels(event: Any) -> Any:
    return np.array(Image.open(io.BytesIO(base64.b64decode(event["url"].split(",")[1]))).convert("RGB"), float)


def sign(picture: Any) -> Any:
    """Return 1 where a picture is orange, −1 where it is blue, and 0 where it is nearly white."""
    warm = picture[..., 0] - picture[..., 2]
    return np.where(np.abs(warm) < 20, 0, np.sign(warm))


def test_a_neurons_picture_is_what_its_weights_in_the_table_say(run: Recording) -> None:
    (*_, table), (*_, picture) = drawn(run, "table", "weights", "weights"), drawn(run, "image", "neurons", "layer 1")
    assert table["columns"] == ["x", "y", "bias"]
    whole, side = pixels(picture), np.linspace(-1.2, 1.2, 48)
    across, up = np.meshgrid(side, side[::-1])  # the first row is on top
    for number, (w1, w2, b) in enumerate(table["values"]):
        top, left = number // 2 * 49, number % 2 * 49
        seen = sign(whole[top : top + 48, left : left + 48])
        expected = np.sign(np.tanh(w1 * across + w2 * up + b))
        assert (seen != 0).mean() > 0.5
        assert (seen == expected)[seen != 0].all(), f"neuron {number}"


@pytest.mark.parametrize("shape", ["circle", "xor", "spiral", "clouds"])
def test_the_points_lie_where_the_shape_says(code: dict[str, Any], shape: str) -> None:
    torch.manual_seed(0)
    points, y = code["sample"](400, shape, 0.0)
    orange, (a, b) = y[:, 0] > 0, points.T
    assert orange.sum() == 200
    if shape == "circle":
        assert points[orange].norm(dim=1).max() <= 0.5
        assert 0.7 <= points[~orange].norm(dim=1).min() < points[~orange].norm(dim=1).max() <= 1.001
    elif shape == "xor":
        assert torch.equal(a * b > 0, orange)
        assert min((a[orange] > 0).sum(), (a[orange] < 0).sum()) > 60, "both corners are filled"
    elif shape == "clouds":
        assert (points[orange].mean(dim=0) - 0.5).abs().max() < 0.05
    else:  # half a turn takes one arm to the other
        turn = torch.atan2(b, a) / (2 * torch.pi) - points.norm(dim=1)
        assert ((turn - 0.25 * y[:, 0] + 0.5) % 1 - 0.5).abs().max() < 1e-4


@pytest.mark.parametrize(("shape", "inputs"), [("xor", "plain"), ("xor", "product"), ("circle", "squares")])
def test_without_a_hidden_layer_it_is_least_squares(code: dict[str, Any], shape: str, inputs: str) -> None:
    torch.manual_seed(SEED)
    (x, y), (test_x, _) = (code["sample"](n, shape, 0.05) for n in (200, 600))
    x, test_x = code["features"](x, inputs), code["features"](test_x, inputs)
    oracle = LinearRegression().fit(x, y[:, 0])
    expected = oracle.predict(test_x)
    outcome = load_module(LESSON.claims).many(
        code["build"], load_module(LESSON.claims).points, torch.nn.functional.mse_loss, epochs=40, batch=20,
        seeds=[SEED], shape=shape, inputs=inputs, layers=0, units=4, activation="tanh", noise=0.05, lr=0.02,
    )  # fmt: skip
    assert outcome.paths == ["fused"]
    assert outcome.prediction[0, -1, :, 0] == pytest.approx(expected, abs=0.2)


def test_many_seeds_measure_what_one_run_draws(run: Recording) -> None:
    shown = trial_of(SEED, run.events).lines["accuracy"]["test"]
    (trial,) = load_module(LESSON.claims).measure([SEED], "circle", "plain", 1, 4, "tanh", 0.05, 0.02, 6)
    assert trial.lines["accuracy"]["test"] == pytest.approx(shown, abs=0.005)
