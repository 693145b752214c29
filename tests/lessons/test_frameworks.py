"""One experiment in every framework: the same losses, and gradients that agree with automatic ones."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from tests.conftest import COURSE, record

from seelearn.engine.module import load_module
from seelearn.events import Event
from seelearn.show import Show

LESSON = COURSE.lesson("frameworks")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Event]]:
    """The events of one seed in every framework."""
    folder = tmp_path_factory.mktemp("frameworks")
    return {name: record(LESSON, {"seed": 11}, folder / name, name).events for name in LESSON.frameworks}


def losses(events: list[Event], arm: str) -> list[float | None]:
    return [e["y"] for e in events if e["kind"] == "line" and (e["chart"], e["series"]) == ("loss", arm)]


@pytest.mark.parametrize(("arm", "relative"), [("float32", 1e-4), ("reversed", 1e-4), ("float64", 1e-10)])
def test_every_framework_has_the_same_losses_at_every_step(
    runs: dict[str, list[Event]], arm: str, relative: float
) -> None:
    assert {"torch", "numpy"} <= set(runs)
    for one, other in pairwise(runs.values()):
        assert len(losses(one, arm)) == 31
        assert losses(one, arm) == pytest.approx(losses(other, arm), rel=relative)


def test_the_frameworks_do_differ_in_the_last_bits(runs: dict[str, list[Event]]) -> None:
    assert losses(runs["torch"], "float32") != losses(runs["numpy"], "float32")  # so they were two computations


def test_every_framework_draws_the_same_points(runs: dict[str, list[Event]]) -> None:
    drawn = [[(e["x"], e["y"]) for e in events if e["kind"] == "points"] for events in runs.values()]
    assert all(one == drawn[0] for one in drawn)


def test_gradients_by_hand_are_those_of_autograd() -> None:
    hand: dict[str, Any] = vars(load_module(LESSON.file("numpy")))
    torched: dict[str, Any] = vars(load_module(LESSON.file("torch")))
    np.random.seed(2)
    x, y, *weights = hand["problem"](7, 0.1)
    found = hand["gradients"](hand["network"](weights, np.float64), x.astype(np.float64), y.astype(np.float64))
    net = torched["network"](weights, torch.float64)
    ((net(torch.from_numpy(x).double()) - torch.from_numpy(y).double()) ** 2).mean().backward()
    for gradient, parameter in zip(found, net.parameters(), strict=True):
        assert gradient == pytest.approx(parameter.grad.numpy(), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("framework", LESSON.frameworks)
def test_a_rate_far_too_high_is_said_to_diverge(framework: str) -> None:
    events: list[Event] = []
    with np.errstate(all="ignore"):
        vars(load_module(LESSON.file(framework)))["run"](Show(events.append), lr=1.0)
    assert [e["key"] for e in events if e["kind"] == "note"] == ["gone"]
