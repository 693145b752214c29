"""Sine to cosine against what trigonometry says, and the many seeds against a single run."""

from typing import Any

import numpy as np
import pytest
import torch
from tests.conftest import COURSE, record

from seelearn.engine.measure import trial_of
from seelearn.engine.module import load_module
from seelearn.engine.recording import Recording

LESSON = COURSE.lesson("rnn_regressor")
SEED = 3


@pytest.fixture(scope="module")
def code() -> dict[str, Any]:
    """The names in the lesson's file."""
    return vars(load_module(LESSON.file("torch")))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(LESSON, {"seed": SEED}, tmp_path_factory.mktemp("r") / "run")


def test_stretches_join_and_two_points_give_the_cosine(code: dict[str, Any]) -> None:
    start = code["begin"]().double()
    x, y = (
        torch.cat(parts, dim=1)[..., 0] for parts in zip(*(code["stretch"](n, 7, start) for n in range(3)), strict=True)
    )
    assert x.shape == (16, 21)
    assert y[:, 7].square().mean().item() == pytest.approx(0.5), "the waves are spread evenly over a period"
    delta = torch.tensor(0.3, dtype=torch.float64)
    found = (x[:, 1:] * delta.cos() - x[:, :-1]) / delta.sin()
    assert torch.allclose(found, y[:, 1:], atol=1e-6)


def test_each_network_errs_as_much_as_it_must(run: Recording) -> None:
    trial = trial_of(SEED, run.events)
    assert trial.last("loss", "none") == pytest.approx(0.5, abs=0.02)
    assert trial.last("loss", "cut") > trial.last("loss", "floor") == pytest.approx(0.05)
    assert trial.last("loss", "carried") < 0.01
    places = trial.curves["place"]["cut"][-1]
    assert len(places) == 10
    assert places.mean() == pytest.approx(trial.last("loss", "cut"), rel=1e-4)
    assert places[0] > 0.45, "at the first point it cannot know better than without memory"


def test_the_grey_dots_stand_where_a_stretch_begins(run: Recording) -> None:
    last: Any = [e for e in run.events if e["kind"] == "points" and e["chart"] == "wave"][-1]
    assert last["x"] == [-59, -49, -39, -29, -19, -9]
    drawn: Any = [e for e in run.events if e["kind"] == "curve" and (e["chart"], e["series"]) == ("wave", "cut")][-1]
    assert last["y"] == [drawn["y"][drawn["x"].index(x)] for x in last["x"]]


@pytest.mark.parametrize(("cell", "length"), [("rnn", 10), ("gru", 3), ("lstm", 4), ("rnn", 1)])
def test_many_seeds_measure_what_one_run_draws(
    cell: str, length: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    parameters: dict[str, Any] = {"cell": cell, "length": length, "hidden": 6, "stretches": 20, "lr": 0.01}
    folder = tmp_path_factory.mktemp("m") / "run"
    drawn = trial_of(SEED, record(LESSON, {**parameters, "seed": SEED}, folder).events)
    _, trial = load_module(LESSON.claims).measure([SEED + 1, SEED], **parameters)
    for arm in ("none", "cut", "carried"):
        assert trial.lines["loss"][arm] == pytest.approx(drawn.lines["loss"][arm], abs=1e-4), arm
        assert np.asarray(trial.curves["place"][arm]) == pytest.approx(drawn.curves["place"][arm], abs=1e-4)
