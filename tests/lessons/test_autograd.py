"""What the lesson draws, against the chain rule by hand, finite differences, and torch's own gradcheck."""

import math
from typing import Any

import pytest
import torch
from tests.conftest import COURSE, record

from seelearn.engine.module import load_module
from seelearn.engine.recording import Recording

LESSON = COURSE.lesson("autograd")
GIVEN: dict[str, int | float | str] = {
    "spread": 0,
    "w": 0.6,
    "v": -1.2,
    "x": 0.8,
    "target": 0.5,
    "lr": 0.1,
    "epochs": 5,
    "seed": 3,
}


@pytest.fixture(scope="module")
def code() -> dict[str, Any]:
    return vars(load_module(LESSON.file("torch")))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(LESSON, GIVEN, tmp_path_factory.mktemp("autograd") / "run")


def by_hand(x: float, target: float, w: float, v: float) -> dict[str, float]:
    """The gradient at every node, by the chain rule."""
    hidden = math.tanh(w * x)
    output = 2 * (v * hidden - target)
    return {"loss": 1, "v·tanh": output, "v": output * hidden, "tanh": output * v,
            "w·x": output * v * (1 - hidden**2), "w": output * v * (1 - hidden**2) * x}  # fmt: skip


def words(run: Recording, series: str, step: int) -> list[str]:
    (event,) = [e for e in run.events if e["kind"] == "points" and (e["chart"], e["series"]) == ("graph", series)
                and e["step"] == step]  # fmt: skip
    return event["labels"]


def test_the_graph_shows_the_gradients_of_the_chain_rule(code: dict[str, Any], run: Recording) -> None:
    expected = by_hand(0.8, 0.5, 0.6, -1.2)
    shown = [float(word.removeprefix("grad ")) for word in words(run, "backward", 9)]
    order = [name for name in ("w", "w·x", "tanh", "v", "v·tanh", "loss") if name in code["BACKWARD"]]
    assert shown == pytest.approx([expected[name] for name in order], rel=0.06)  # two digits are drawn


def test_slow_motion_shows_values_first_and_then_gradients_from_the_back(run: Recording) -> None:
    assert [sum(" " in word for word in words(run, "forward", step)) for step in range(6)] == [4, 5, 6, 7, 8, 8]
    assert [len(words(run, "backward", step)) for step in range(10)] == [0, 0, 0, 0, 0, 1, 2, 4, 5, 6]
    assert words(run, "backward", 5) == ["grad 1"]


def descent(zero: bool) -> list[float]:
    """The losses of plain Python's gradient descent, with gradients kept or not."""
    w, v, gw, gv = 0.6, -1.2, 0.0, 0.0
    losses = []
    for _ in range(6):
        losses.append((v * math.tanh(w * 0.8) - 0.5) ** 2)
        fresh = by_hand(0.8, 0.5, w, v)
        gw, gv = fresh["w"] + (0 if zero else gw), fresh["v"] + (0 if zero else gv)
        w, v = w - 0.1 * gw, v - 0.1 * gv
    return losses


@pytest.mark.parametrize(("arm", "zero"), [("zeroed", True), ("kept", False)])
def test_both_descents_are_those_of_plain_python(run: Recording, arm: str, zero: bool) -> None:
    losses = [event["y"] for event in run.events if event["kind"] == "line" and event["series"] == arm]
    assert losses[:10] == [losses[0]] * 10, "nothing is updated in slow motion"
    assert losses[9:] == pytest.approx(descent(zero), rel=1e-4)


def test_grad_is_none_at_first_and_what_is_kept_grows(run: Recording) -> None:
    tables: list[Any] = [event["values"] for event in run.events if event["kind"] == "table"]
    assert tables[9] == [["None"] * 2] * 2
    fresh = by_hand(0.8, 0.5, 0.6, -1.2)
    for row in tables[10]:  # after the first update both hold the first gradient, and stand at the same place
        assert row == pytest.approx([fresh["w"], fresh["v"]], rel=1e-4)
    kept, zeroed = tables[11]
    assert kept == pytest.approx([fresh["w"] + zeroed[0], fresh["v"] + zeroed[1]], rel=1e-4)


def test_torch_agrees_that_forward_has_these_gradients(code: dict[str, Any]) -> None:
    torch.manual_seed(0)
    for point in torch.randn(5, 4, dtype=torch.float64):
        asked = [number.clone().requires_grad_() for number in point]
        assert torch.autograd.gradcheck(lambda *numbers: code["forward"](*numbers)["loss"], asked)


def test_the_errors_of_differences_are_those_of_plain_python(code: dict[str, Any]) -> None:
    x, target, w, v = 0.8, 0.5, 0.6, -1.2
    errors = code["difference_errors"](torch.tensor([x, target, w, v], dtype=torch.float64), torch.float64)
    place = int((code["H"] - 1e-2).abs().argmin())
    h = code["H"][place].item()

    def loss(w: float) -> float:
        return (v * math.tanh(w * x) - target) ** 2

    slope = (loss(w + h) - loss(w - h)) / (2 * h)
    assert errors[place].item() == pytest.approx(abs(slope / by_hand(x, target, w, v)["w"] - 1), rel=1e-6)
