"""The lesson against least squares and hand computation, and its many seeds against its single run."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.conftest import COURSE, record
from torch import nn
from torch.nn import functional as F

from seelearn.engine.measure import trial_of
from seelearn.engine.module import load_module
from seelearn.engine.recording import Recording

LESSON = COURSE.lesson("regression")
SEED, EPOCHS, POINTS = 3, 40, 100


@pytest.fixture(scope="module")
def code() -> dict[str, Any]:
    """The names in the lesson's file."""
    return vars(load_module(LESSON.file("torch")))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(LESSON, {"seed": SEED, "epochs": EPOCHS, "points": POINTS}, tmp_path_factory.mktemp("r") / "run")


def test_only_the_network_without_activation_is_linear(code: dict[str, Any]) -> None:
    kinds = {name: [type(layer) for layer in code["build"](name, 8, 2)] for name in ("none", "tanh")}
    assert kinds == {"none": [nn.Linear] * 3, "tanh": [nn.Linear, nn.Tanh, nn.Linear, nn.Tanh, nn.Linear]}


def test_the_floor_is_the_loss_of_the_true_curve_on_the_points_that_are_drawn(run: Recording) -> None:
    rest: dict[str, Any] = {e["series"]: e for e in run.events if e["kind"] == "points" and e["chart"] == "rest"}
    lines = trial_of(SEED, run.events).lines["loss"]
    for arm in ("linear", "net"):  # the residuals are those of the loss beside them
        assert np.mean(np.square(rest[arm]["y"])) == pytest.approx(lines[arm][-1], rel=1e-4)
    assert set(lines["truth"]) == {lines["truth"][0]}
    assert lines["truth"][0] == pytest.approx(0.3**2, rel=0.3)


def test_without_activation_it_finds_the_line_of_least_squares(code: dict[str, Any], run: Recording) -> None:
    torch.manual_seed(SEED)
    x, y = code["sample"](POINTS, 0.3)
    slope, offset = np.polyfit(x.squeeze().numpy(), y.squeeze().numpy(), 1)
    drawn = trial_of(SEED, run.events).curves["fit"]["linear"][-1]
    assert np.polyfit(np.linspace(-5, 5, 101), drawn, 1) == pytest.approx([slope, offset], abs=0.1)
    assert np.ptp(np.diff(drawn)) < 1e-4, "a straight line has one slope"


def test_many_seeds_measure_what_one_run_draws(run: Recording) -> None:
    drawn = trial_of(SEED, run.events).lines["loss"]
    (trial,) = load_module(LESSON.claims).measure([SEED], "relu", 32, 2, POINTS, 0.3, 0.01, EPOCHS)
    assert set(trial.lines["loss"]) == set(drawn)
    for series, line in drawn.items():
        assert trial.lines["loss"][series][:6] == pytest.approx(line[:6], rel=1e-3), series
        assert trial.lines["loss"][series][-1] == pytest.approx(line[-1], rel=0.2), series


def test_the_sentence_about_noise_is_said_where_it_is_true(code: dict[str, Any], tmp_path: Path) -> None:
    few = record(LESSON, {"seed": SEED, "points": 20, "epochs": 200, "width": 64}, tmp_path / "run")
    torch.manual_seed(SEED)
    x, y = code["sample"](20, 0.3)
    trial = trial_of(SEED, few.events)
    assert trial.last("loss", "train") < F.mse_loss(code["truth"](x), y).item()
    assert trial.notes["memorised"]["train"] == pytest.approx(trial.last("loss", "train"))
