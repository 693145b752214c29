"""Training in batches against statistics and by hand: the noise of a gradient, the roads, the number of updates."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.conftest import COURSE, record
from torch import nn
from torch.nn import functional as F

from seelearn.engine.catalogue import Lesson
from seelearn.engine.module import load_module
from seelearn.engine.recording import Recording


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    return COURSE.lesson("minibatches")


@pytest.fixture(scope="module")
def code(lesson: Lesson) -> dict[str, Any]:
    """The names in the lesson's file."""
    return vars(load_module(lesson.file("torch")))


@pytest.fixture(scope="module")
def run(lesson: Lesson, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(lesson, {"epochs": 2, "seed": 4}, tmp_path_factory.mktemp("minibatches") / "run")


def last(run: Recording, kind: str, chart: str, series: str) -> Any:
    return [e for e in run.events if e["kind"] == kind and (e["chart"], e["series"]) == (chart, series)][-1]  # type: ignore[typeddict-item]


def points(run: Recording) -> tuple[torch.Tensor, torch.Tensor]:
    data = last(run, "points", "fit", "points")
    return torch.tensor(data["x"])[:, None], torch.tensor(data["y"])[:, None]


@pytest.mark.parametrize("size", [1, 5, 40, 100])
def test_the_noise_is_the_standard_error_for_a_finite_population(code: dict[str, Any], size: int) -> None:
    torch.manual_seed(1)
    each = torch.randn(100, 2) * torch.tensor([3.0, 0.5]) + 1
    variance = each.var(dim=0, correction=1).sum().item()  # Cochran: S²/n · (1 − n/N)
    exact = (variance / size * (1 - size / 100)) ** 0.5
    found = np.mean([code["noise"](each, size) ** 2 for _ in range(20)]) ** 0.5
    assert found == pytest.approx(exact, rel=0.04, abs=1e-5)


def test_a_gradient_of_the_lesson_is_that_of_autograd(code: dict[str, Any]) -> None:
    torch.manual_seed(2)
    x, y = code["bent_cloud"]("mixed", 1.0)
    line = torch.tensor([0.7, -1.2])
    each = code["gradients"](line, x, y)
    net = nn.Linear(1, 1)
    with torch.no_grad():
        net.weight.fill_(line[0])
        net.bias.fill_(line[1])
    for rows in (slice(3, 4), slice(10, 26), slice(None)):
        net.zero_grad()
        loss = F.mse_loss(net(x[rows]), y[rows])
        loss.backward()
        assert net.weight.grad is not None
        assert net.bias.grad is not None
        assert torch.allclose(each[rows].mean(0), torch.cat([net.weight.grad[0], net.bias.grad]), atol=1e-4)
        assert code["losses"](line, x[rows], y[rows]).item() == pytest.approx(loss.item(), rel=1e-4)


def test_sorted_data_are_sorted_and_mixed_are_not(code: dict[str, Any]) -> None:
    for stored, tidy in (("sorted", True), ("mixed", False)):
        x, _ = code["bent_cloud"](stored, 1.0)
        assert bool((x.diff(dim=0) >= 0).all()) is tidy


def test_all_at_once_is_plain_gradient_descent(run: Recording) -> None:
    x, y = points(run)
    design = torch.cat([x, torch.ones_like(x)], dim=1)
    place = torch.tensor([[-1.0], [3.0]])
    for _ in range(2):
        place = place - 0.05 * 2 * design.T @ (design @ place - y) / 100
    road = last(run, "curve", "road", "all")
    assert [road["x"][-1], road["y"][-1]] == pytest.approx(place.flatten().tolist(), abs=1e-4)


def test_batches_in_order_go_through_the_data_as_they_are_stored(run: Recording) -> None:
    x, y = points(run)
    design = torch.cat([x, torch.ones_like(x)], dim=1)
    place, road = torch.tensor([[-1.0], [3.0]]), []
    for _ in range(2):
        for rows in torch.arange(100).split(16):
            place = place - 0.05 * 2 * design[rows].T @ (design[rows] @ place - y[rows]) / len(rows)
            road.append(place.flatten().tolist())
    curve = last(run, "curve", "road", "ordered")
    drawn = np.array([curve["x"][1:], curve["y"][1:]]).T
    inside = [[min(max(number, -2), 4) for number in spot] for spot in road]  # the map ends there
    assert drawn == pytest.approx(np.array(inside), abs=1e-3)


@pytest.mark.parametrize(("batch", "drop", "an_epoch"), [(60, "no", 2), (60, "yes", 1), (16, "yes", 6), (16, "no", 7)])
def test_the_table_counts_the_updates(lesson: Lesson, tmp_path: Path, batch: int, drop: str, an_epoch: int) -> None:
    run = record(lesson, {"epochs": 1, "batch": batch, "drop_last": drop}, tmp_path / "run")
    table = last(run, "table", "counts", "updates")
    counts = dict(zip(table["rows"], table["values"], strict=True))
    assert counts == {"all": [1, 1], "one": [100, 100], "batch": [an_epoch] * 2, "ordered": [an_epoch] * 2}
    assert len(last(run, "curve", "updates", "batch")["x"]) == an_epoch


def test_the_loss_is_counted_from_the_lowest_that_a_line_can_have(run: Recording) -> None:
    x, y = (part.numpy().ravel() for part in points(run))
    slope, offset = np.polyfit(x, y, 1)
    lowest = np.mean((slope * x + offset - y) ** 2)
    fit = last(run, "curve", "fit", "batch")
    loss = np.mean((np.array(fit["y"]) - y) ** 2)
    assert last(run, "line", "loss", "batch")["y"] == pytest.approx(loss - lowest, rel=1e-3)
