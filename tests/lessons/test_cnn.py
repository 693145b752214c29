"""The lesson's convolution against SciPy and torch, its networks' sizes, and what moving a digit does."""

from typing import Any

import numpy as np
import pytest
import torch
from scipy.signal import correlate2d
from tests.conftest import COURSE, record
from torch.nn import functional as F

from seelearn.engine.measure import trial_of
from seelearn.engine.module import load_module
from seelearn.engine.recording import Recording

LESSON = COURSE.lesson("cnn")


@pytest.fixture(scope="module")
def code() -> dict[str, Any]:
    """The names in the lesson's file."""
    return vars(load_module(LESSON.file("torch")))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(LESSON, {"epochs": 3, "jitter": 1, "seed": 3}, tmp_path_factory.mktemp("cnn") / "run")


@pytest.mark.parametrize("size", [1, 3, 5])
def test_sliding_a_window_is_what_scipy_and_torch_compute(code: dict[str, Any], size: int) -> None:
    rng = torch.Generator().manual_seed(size)
    picture, window = torch.randn(8, 8, generator=rng), torch.randn(size, size, generator=rng)
    found = code["slide"](picture, window)
    assert found.shape == (9 - size, 9 - size)
    assert found.numpy() == pytest.approx(correlate2d(picture.numpy(), window.numpy(), mode="valid"), abs=1e-5)
    assert torch.allclose(found, F.conv2d(picture[None, None], window[None, None])[0, 0], atol=1e-5)


def test_the_first_layer_of_the_network_slides_its_filters(code: dict[str, Any]) -> None:
    torch.manual_seed(0)
    net = code["convolutional"](3)
    (_, _), (x, _) = code["digits"]()
    expected = torch.stack([code["slide"](F.pad(x[0, 0], (1, 1, 1, 1)), w) for w in net[0].weight[:, 0].detach()])
    assert torch.allclose(net[0](x[:1])[0], expected + net[0].bias[:, None, None], atol=1e-5)


def test_an_edge_answers_by_its_direction(code: dict[str, Any]) -> None:
    half = torch.cat([torch.zeros(8, 4), torch.ones(8, 4)], dim=1)  # white, then dark
    upright, lying = code["slide"](half, code["EDGE"]), code["slide"](half, code["EDGE"].T)
    assert upright[:, 2:4].tolist() == [[3.0, 3.0]] * 6
    assert upright.sum() == 36
    assert not lying.any()


@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_both_networks_have_as_many_weights(code: dict[str, Any], kernel: int) -> None:
    count = sum(p.numel() for p in code["convolutional"](kernel).parameters())
    other = sum(p.numel() for p in code["plain"](count).parameters())
    assert abs(count - other) <= 75 / 2, "nearer than half a hidden unit"


def test_accuracy_is_that_of_pictures_moved_both_ways(code: dict[str, Any]) -> None:
    torch.manual_seed(0)
    (x, y), _ = code["digits"]()
    net = code["plain"](1898)
    shares = []
    for by in (-2, 2):
        moved = np.zeros_like(x.numpy())
        if by > 0:
            moved[..., by:] = x.numpy()[..., :-by]
        else:
            moved[..., :by] = x.numpy()[..., -by:]
        guess = net(torch.tensor(moved)).argmax(dim=1)
        shares.append((guess == y).float().mean().item())
    assert code["accuracy"](net, x, y, 2) == pytest.approx(sum(shares) / 2, abs=1e-6)


def test_the_map_stays_where_it_was(code: dict[str, Any]) -> None:
    rng = torch.Generator().manual_seed(1)
    features = torch.randn(50, 6, generator=rng) * torch.tensor([5.0, 3.0, 1.0, 1.0, 1.0, 1.0])
    first = code["flatten"](features, torch.eye(50, 2))
    assert torch.allclose(code["flatten"](features, first), first, atol=1e-5)
    mirrored = torch.stack([-first[:, 1], first[:, 0]], dim=1)
    assert torch.allclose(code["flatten"](features, mirrored), mirrored, atol=1e-5)


def test_a_run_draws_every_stage_and_learns(run: Recording) -> None:
    trial = trial_of(3, run.events)
    drawn: list[Any] = [e for e in run.events if e["kind"] == "image" and e["chart"] == "maps"][-5:]
    assert [(e["series"], e["width"]) for e in drawn] == [
        ("input", 8), ("conv1", 26), ("pool1", 14), ("conv2", 19), ("pool2", 11),
    ]  # fmt: skip
    for name in ("cnn", "mlp"):
        assert trial.curves["moved"][name][-1, 0] == pytest.approx(trial.last("accuracy", name), abs=1e-6)
        assert trial.last("accuracy", name) > 0.6


def test_random_filters_stay_as_they_were(tmp_path: Any) -> None:
    events = record(LESSON, {"epochs": 1, "filters": "random", "seed": 3}, tmp_path / "run").events
    urls = [e["url"] for e in events if e["kind"] == "image" and e["chart"] == "filters"]
    assert len(urls) == 2
    assert urls[0] == urls[1]
