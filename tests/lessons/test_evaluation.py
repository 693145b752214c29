"""Every score against scikit-learn, and the measurement side by side against a run."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    confusion_matrix,
    f1_score,
    precision_score,
    r2_score,
    recall_score,
    roc_auc_score,
    roc_curve,
)
from tests.conftest import COURSE, record

from seelearn.engine.measure import trial_of
from seelearn.engine.module import load_module
from seelearn.engine.recording import Recording

LESSON = COURSE.lesson("evaluation")
SETTINGS: dict[str, int | float | str] = {"threshold": 0.3, "epochs": 4, "seed": 4}


@pytest.fixture(scope="module")
def code() -> dict[str, Any]:
    return vars(load_module(LESSON.file("torch")))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(LESSON, SETTINGS, tmp_path_factory.mktemp("evaluation") / "run")


def drawn(run: Recording, kind: str, chart: str, series: str) -> list[Any]:
    return [e for e in run.events if (e["kind"], e.get("chart"), e.get("series")) == (kind, chart, series)]


def test_the_scores_are_those_of_scikit_learn(code: dict[str, Any]) -> None:
    torch.manual_seed(0)
    y = (torch.rand(500) < 0.2).long()
    sure = (torch.rand(500) + 0.4 * y) / 1.4
    scores = code["judge"](torch.stack([sure > 0.5, sure > 0.8]), y)
    for place, threshold in enumerate((0.5, 0.8)):
        guess = sure > threshold
        for name, oracle in {"f1": f1_score, "recall": recall_score, "precision": precision_score}.items():
            assert scores[name][place].item() == pytest.approx(oracle(y, guess)), name
        assert scores["accuracy"][place].item() == pytest.approx(np.mean(guess.numpy() == y.numpy()))
    alarms, found = code["roc"](sure, y)
    assert torch.trapezoid(found, alarms).item() == pytest.approx(roc_auc_score(y, sure))
    expected = roc_curve(y, sure, drop_intermediate=False)
    assert alarms.numpy() == pytest.approx(expected[0])
    assert found.numpy() == pytest.approx(expected[1])
    assert code["judge"](sure > 2, y)["precision"] == 0, "who names nobody divides by nothing"


def test_what_a_run_draws_at_the_end_is_one_network_in_many_scores(code: dict[str, Any], run: Recording) -> None:
    """Train its network again, alone, and let scikit-learn score it."""
    torch.manual_seed(4)
    x, y = code["clouds"](500, 0.1, 1.0)
    _, (test_x, test_y) = (code["clouds"](2000, 0.1, 1.0) for _ in range(2))
    net = [code["small_net"]() for _ in code["SIZES"]][-1]
    optimizer = torch.optim.Adam(net.parameters(), lr=0.03)
    for _ in range(40):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
    sure = net(test_x).softmax(dim=1)[:, 1].detach().numpy()
    (*_, table) = drawn(run, "table", "confusion", "net")
    assert np.abs(np.array(table["values"]) - confusion_matrix(test_y, sure > 0.3)).max() <= 2
    said: Any = run.events[-1]
    assert said["values"]["auc"] == pytest.approx(roc_auc_score(test_y, sure), abs=1e-3)
    assert said["values"]["f1"] == pytest.approx(f1_score(test_y, sure > 0.3), abs=0.01)
    assert said["values"]["always"] == pytest.approx(0.9)
    (*_, curve) = drawn(run, "curve", "reliability", "net")
    true, given = calibration_curve(test_y, sure, n_bins=10, strategy="quantile")
    assert curve["x"] == pytest.approx(given, abs=5e-3)
    assert curve["y"] == pytest.approx(true, abs=0.011)


def test_r2_is_that_of_scikit_learn_and_may_be_negative(run: Recording) -> None:
    (curve,) = drawn(run, "curve", "fit", "cubic")
    at = dict(zip(curve["x"], curve["y"], strict=True))
    said: dict[str, Any] = {e["key"]: e["values"] for e in run.events if e["kind"] == "note"}
    for name in ("inside", "outside"):
        (points,) = drawn(run, "points", "fit", name)
        expected = r2_score(points["y"], [at[x] for x in points["x"]])
        assert said[name]["r2"] == pytest.approx(expected, rel=1e-3)
    assert said["outside"]["r2"] < 0 < said["inside"]["r2"]


def test_every_stretch_of_points_holds_its_share(code: dict[str, Any]) -> None:
    for rare in (0.02, 0.1, 0.3, 0.5):
        _, y = code["clouds"](2000, rare, 1.0)
        for n in (50, 100, 500, 2000):
            assert y[:n].sum() == pytest.approx(n * rare, abs=1e-6)


def test_networks_side_by_side_are_those_of_runs(run: Recording) -> None:
    claims = load_module(LESSON.claims)
    trial = list(claims.measure([3, 4], 0.1, "no", 1.0, 0.3, 100, 4))[1]
    one = trial_of(4, run.events)
    for name, line in trial.lines["scores"].items():
        assert one.lines["scores"][name] == pytest.approx(line, abs=0.01), name
    for chart in ("learning", "peek"):
        for name, curve in one.curves[chart].items():
            assert trial.curves[chart][name][-1] == pytest.approx(curve[-1], abs=0.01), name
    for name in ("inside", "outside"):
        assert trial.notes[name]["r2"] == pytest.approx(one.notes[name]["r2"], rel=1e-3)
