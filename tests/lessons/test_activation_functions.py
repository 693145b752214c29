"""The slopes against closed forms, the gradients against the chain rule by hand, and what a run shows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import norm
from tests.conftest import COURSE, record
from torch import nn

from seelearn.engine.module import load_module
from seelearn.engine.recording import Recording

LESSON = COURSE.lesson("activation_functions")


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


SLOPES: dict[str, Callable[[Any], Any]] = {
    "sigmoid": lambda z: sigmoid(z) * (1 - sigmoid(z)),
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "relu": lambda z: (z > 0) * 1.0,
    "leaky_relu": lambda z: np.where(z > 0, 1.0, 0.01),
    "gelu": lambda z: norm.cdf(z) + z * norm.pdf(z),
    "silu": lambda z: sigmoid(z) * (1 + z * (1 - sigmoid(z))),
}


@pytest.fixture(scope="module")
def code() -> dict[str, Any]:
    return vars(load_module(LESSON.file("torch")))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(LESSON, {"seed": 3, "epochs": 2, "depth": 4}, tmp_path_factory.mktemp("activation") / "run")


def curves(run: Recording, chart: str, step: int | None) -> dict[str, Any]:
    return {e["series"]: e for e in run.events if e["kind"] == "curve" and (e["chart"], e["step"]) == (chart, step)}


def test_the_slopes_that_a_run_draws_are_the_closed_forms(run: Recording) -> None:
    drawn = curves(run, "slopes", None)
    assert set(drawn) == set(SLOPES)
    for name, slope in SLOPES.items():
        z, y = np.array(drawn[name]["x"]), np.array(drawn[name]["y"])
        away = np.abs(z) > 1e-3  # a corner has no slope
        assert y[away] == pytest.approx(slope(z[away]), abs=1e-5), name


@pytest.mark.parametrize("name", SLOPES)
def test_the_gradient_is_that_of_the_chain_rule(code: dict[str, Any], name: str) -> None:
    torch.manual_seed(1)
    net = code["deep_net"](name, "he", 4).double()
    x, y = (tensor.double() for tensor in code["wave"](50, 1.0))
    signal, gradient = code["probe"](net, x, y)

    values, received = x.numpy(), []
    weights = [m.weight.detach().numpy() for m in net if isinstance(m, nn.Linear)]
    for weight, activation in zip(weights[:-1], net[1::2], strict=True):  # the biases are 0
        received.append(values @ weight.T)
        values = activation(torch.from_numpy(received[-1])).numpy()
    assert signal[-1] == pytest.approx(values.std(axis=0, ddof=1).mean())
    error = 2 * (values @ weights[-1].T - y.numpy()) / len(x)
    sizes: list[Any] = []
    for weight, z in zip(weights[:0:-1], received[::-1], strict=True):
        error = error @ weight * SLOPES[name](z)
        sizes.insert(0, np.linalg.norm(error))
    assert gradient == pytest.approx(np.array(sizes) / sizes[-1], rel=1e-6)


def test_the_weights_are_those_that_the_page_names(code: dict[str, Any]) -> None:
    torch.manual_seed(0)
    for weights, variance in (("he", 2 / 32), ("xavier", 1 / 32), ("default", 1 / 96)):
        layers = [m for m in code["deep_net"]("relu", weights, 20) if isinstance(m, nn.Linear)]
        drawn = torch.cat([m.weight.flatten() for m in layers[1:-1]])
        assert drawn.var().item() == pytest.approx(variance, rel=0.05)
        assert all((m.bias == 0).all() for m in layers) is (weights != "default")


def test_the_gradient_of_the_last_hidden_layer_counts_as_one(run: Recording) -> None:
    for step in range(3):
        for drawn in curves(run, "gradient", step).values():
            assert drawn["x"] == [1, 2, 3, 4]
            assert drawn["y"][-1] == 1
    assert curves(run, "gradient", 0)["sigmoid"]["y"][0] < 0.1 < curves(run, "gradient", 0)["relu"]["y"][0]


def test_the_microscope_looks_at_the_chosen_function(tmp_path: Path) -> None:
    run = record(LESSON, {"seed": 3, "epochs": 1, "depth": 3, "function": "relu"}, tmp_path / "run")
    seen = [e for e in run.events if e["kind"] == "layers"]
    assert [(e["series"], len(e["layers"])) for e in seen] == [("relu", 4)] * 2
    dead = seen[0]["layers"][3]["dead"]
    assert dead is not None
    assert dead > 0
