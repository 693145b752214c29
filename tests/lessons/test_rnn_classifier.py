"""The reader against torch's own layers, and the many seeds against a single run."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from tests.conftest import COURSE, record
from torch import nn

from seelearn.engine.measure import trial_of
from seelearn.engine.module import load_module

LESSON = COURSE.lesson("rnn_classifier")
SEED = 3


@pytest.fixture(scope="module")
def code() -> dict[str, Any]:
    """The names in the lesson's file."""
    return vars(load_module(LESSON.file("torch")))


@pytest.mark.parametrize(("cell", "layer"), [("rnn", nn.RNN), ("gru", nn.GRU), ("lstm", nn.LSTM)])
def test_reading_row_by_row_is_what_torchs_layer_does(code: dict[str, Any], cell: str, layer: Any) -> None:
    torch.manual_seed(0)
    reader, oracle = code["Reader"](cell, 12), layer(8, 12, batch_first=True)
    oracle.load_state_dict({f"{name}_l0": weight for name, weight in reader.cell.state_dict().items()})
    x = torch.rand(5, 8, 8)
    assert torch.allclose(reader.read(x), oracle(x)[0], atol=1e-6)
    assert reader(x).shape == (5, 8, 10)


@pytest.mark.parametrize("order", ["rows", "columns", "shuffled", "scattered"])
def test_another_order_moves_the_same_pixels_of_every_digit(code: dict[str, Any], order: str) -> None:
    torch.manual_seed(1)
    (x, y), (test_x, test_y) = code["digits"](order)
    assert (x.shape, test_x.shape) == ((1000, 8, 8), (797, 8, 8))
    images, labels = load_digits(return_X_y=True)
    assert torch.bincount(torch.cat([y, test_y])).tolist() == np.bincount(labels).tolist()
    # Each pixel's mean and spread over all digits is as before, at another place.
    found, expected = torch.cat([x, test_x]).flatten(1).double(), torch.tensor(images / 16)
    if order == "columns":
        expected = expected.view(-1, 8, 8).mT.flatten(1)
    for statistic in (torch.mean, torch.std):
        here, there = statistic(found, dim=0), statistic(expected, dim=0)
        if order in {"shuffled", "scattered"}:
            assert not torch.allclose(here, there, atol=1e-3)
            here, there = here.sort().values, there.sort().values
        assert torch.allclose(here, there, atol=1e-5)


def test_only_what_is_asked_is_graded(code: dict[str, Any]) -> None:
    scores, y = torch.zeros(2, 8, 10), torch.tensor([3, 7])
    scores[0, :, 3], scores[1, :, 7] = 100, 100
    scores[:, 2] = 0  # after the third row it knows nothing
    assert code["cost"](scores, y, "end").item() == pytest.approx(0, abs=1e-6)
    assert code["cost"](scores, y, "always").item() == pytest.approx(np.log(10) / 8, rel=1e-5)


@pytest.mark.parametrize(("gated", "asked"), [("lstm", "end"), ("gru", "always")])
def test_many_seeds_measure_what_one_run_draws(
    gated: str, asked: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    parameters: dict[str, Any] = {"gated": gated, "order": "scattered", "asked": asked}
    parameters |= {"hidden": 16, "lr": 0.01, "epochs": 2}
    run = record(LESSON, {**parameters, "digit": 3, "seed": SEED}, tmp_path_factory.mktemp("m") / "run")
    drawn = trial_of(SEED, run.events)
    _, trial = load_module(LESSON.claims).measure([SEED + 1, SEED], **parameters)
    for cell in ("rnn", gated):
        assert trial.lines["loss"][cell] == pytest.approx(drawn.lines["loss"][cell], abs=1e-3)
        assert trial.curves["by_rows"][cell] == pytest.approx(drawn.curves["by_rows"][cell], abs=0.01)
        assert trial.last("accuracy", cell) == trial.curves["by_rows"][cell][-1, -1]
        table = np.array(drawn.tables["guess"][cell][-1])
        assert table.shape == (10, 8)
        assert table.sum(axis=0) == pytest.approx(100, abs=5), "a column is what it guesses after a row, in percent"
