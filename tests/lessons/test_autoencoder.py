"""The lesson against scikit-learn's PCA, torch's own divergence and a count by hand."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from tests.conftest import COURSE, record

from seelearn.engine.measure import trial_of
from seelearn.engine.module import load_module
from seelearn.engine.recording import Recording

LESSON = COURSE.lesson("autoencoder")
SEED = 3


@pytest.fixture(scope="module")
def code() -> dict[str, Any]:
    """The names in the lesson's file."""
    return vars(load_module(LESSON.file("torch")))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(LESSON, {"epochs": 4, "seed": SEED}, tmp_path_factory.mktemp("ae") / "run")


def pictures() -> torch.Tensor:
    """Return the digits in the order in which a run of the seed has them."""
    torch.manual_seed(SEED)
    pixels = torch.tensor(load_digits().data / 16).float()
    return pixels[torch.randperm(len(pixels))]


def test_the_linear_autoencoder_with_computed_weights_is_sklearns_pca(code: dict[str, Any], run: Recording) -> None:
    train, test = pictures().split([1000, 797])
    oracle = PCA(n_components=2, svd_solver="full").fit(train.numpy())
    expected = oracle.inverse_transform(oracle.transform(test.numpy()))
    rebuilt, price = code["principal"](train)(test)
    assert rebuilt.detach().numpy() == pytest.approx(expected, abs=1e-4)
    assert price == 0
    drawn = trial_of(SEED, run.events).lines["error"]["pca"]
    assert drawn == pytest.approx(np.full(5, ((expected - test.numpy()) ** 2).mean()), rel=1e-4)


def test_no_linear_autoencoder_beats_pca_on_what_it_was_computed_from(code: dict[str, Any]) -> None:
    x = pictures()[:1000]
    torch.manual_seed(0)
    net = code["linear"]()
    optimizer = torch.optim.Adam(net.parameters(), 0.02)
    error = []
    for _ in range(500):
        loss = ((net(x)[0] - x) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        error.append(loss.item())
    floor = ((code["principal"](x)(x)[0] - x) ** 2).mean().item()
    assert floor < min(error) < 1.05 * floor


def test_the_price_of_a_cloud_is_its_divergence_from_the_normal_distribution(code: dict[str, Any]) -> None:
    torch.manual_seed(0)
    net, x = code["deep"](16, "variational"), pictures()[:50]
    middle, log_variance = net.encoder(x).split(2, dim=1)
    cloud = torch.distributions.Normal(middle, (log_variance / 2).exp())
    expected = torch.distributions.kl_divergence(cloud, torch.distributions.Normal(0.0, 1.0)).sum(dim=1).mean()
    assert torch.allclose(net(x)[1], expected, atol=1e-5)


def test_the_cloud_is_random_in_training_and_gone_in_evaluation(code: dict[str, Any]) -> None:
    torch.manual_seed(0)
    net, x = code["deep"](16, "variational"), pictures()[:50]
    assert not torch.equal(net(x)[0], net(x)[0])
    net.eval()
    assert torch.equal(net(x)[0], net.decoder(net.encoder(x)[:, :2]))


def test_the_conclusion_counts_the_cells_of_the_map_that_is_drawn(run: Recording) -> None:
    wall: Any = [e for e in run.events if e["kind"] == "image" and e["chart"] == "plane"][-1]
    (left, right), (lower, upper) = wall["x"], wall["y"]
    assert (wall["width"], wall["height"]) == (128, 80)
    cells, inside = set(), 0
    points: list[Any] = [e for e in run.events if e["kind"] == "points" and e["chart"] == "codes" and e["step"] == 4]
    for event in points:
        for x, y in zip(event["x"], event["y"], strict=True):
            if left < x < right and lower < y < upper:
                inside += 1
                cells.add((int(16 * (x - left) / (right - left)), int(10 * (y - lower) / (upper - lower))))
    covered = trial_of(SEED, run.events).notes["end"]["covered"]
    assert len(cells) / 160 <= covered <= (len(cells) + 797 - inside) / 160, "six of the ten classes are drawn"


def test_one_picture_of_each_class_lies_on_the_plane(tmp_path: Any) -> None:
    events = record(LESSON, {"epochs": 1, "seed": SEED}, tmp_path / "run").events
    ten: list[Any] = [e for e in events if e["kind"] == "points" and e["chart"] == "plane"]
    walls: list[Any] = [e for e in events if e["kind"] == "image" and e["chart"] == "plane"]
    assert [e["labels"] for e in ten] == [list("0123456789")] * 2
    for points, wall in zip(ten, walls, strict=True):
        assert all(wall["x"][0] - 1e-4 <= x <= wall["x"][1] + 1e-4 for x in points["x"])
        assert all(wall["y"][0] - 1e-4 <= y <= wall["y"][1] + 1e-4 for y in points["y"])
