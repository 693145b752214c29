"""The cells against torch's own, the gradient against finite differences, many seeds against a single run."""

from typing import Any

import numpy as np
import pytest
import torch
from tests.conftest import COURSE, record
from torch import nn

from seelearn.engine.measure import trial_of
from seelearn.engine.module import load_module
from seelearn.engine.recording import Recording

LESSON = COURSE.lesson("lstm")
SEED, HIDDEN = 3, 7


@pytest.fixture(scope="module")
def code() -> dict[str, Any]:
    """The names in the lesson's file."""
    return vars(load_module(LESSON.file("torch")))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    parameters: dict[str, Any] = {"lag": 10, "epochs": 3, "seed": SEED}
    return record(LESSON, parameters, tmp_path_factory.mktemp("r") / "run")


@pytest.mark.parametrize(("arm", "layer", "oracle"), [("chosen", "gates", nn.LSTMCell), ("rnn", "mix", nn.RNNCell)])
def test_the_cells_are_torchs(code: dict[str, Any], arm: str, layer: str, oracle: Any) -> None:
    torch.manual_seed(0)
    net, known = code["Net"](arm, HIDDEN, 2.0), oracle(1, HIDDEN)
    linear = getattr(net.cell, layer)
    known.load_state_dict({"weight_ih": linear.weight[:, :1], "weight_hh": linear.weight[:, 1:],
                           "bias_ih": linear.bias, "bias_hh": torch.zeros_like(linear.bias)})  # fmt: skip
    x, state = torch.randn(5, 30, 1), None
    traced = net.trace(x)
    for step in range(30):
        state = known(x[:, step], state)
        wanted = state if isinstance(state, tuple) else (state,)
        for found, value in zip(traced, wanted, strict=False):  # h, and c if there is one
            assert torch.allclose(found[:, step], value, atol=1e-6)


def test_the_chosen_bias_opens_the_forget_gate_and_no_other(code: dict[str, Any]) -> None:
    torch.manual_seed(0)
    *_, f, i, o = code["Net"]("chosen", HIDDEN, 3.0).trace(torch.zeros(1, 1, 1))
    assert f.flatten().tolist() == pytest.approx([1 / (1 + np.exp(-3))] * HIDDEN)
    assert max(i.max(), o.max()) < 0.65
    *_, half, _, _ = code["Net"]("half", HIDDEN, 3.0).trace(torch.zeros(1, 1, 1))
    assert half.flatten().tolist() == pytest.approx([0.5] * HIDDEN)


def test_the_first_number_is_the_answer_and_the_rest_is_noise(code: dict[str, Any]) -> None:
    torch.manual_seed(0)
    x, y = code["sequences"](400, 50, 0.3)
    assert x.shape == (400, 51, 1)
    assert torch.equal(x[:, 0, 0], 2 * y - 1)
    assert y.mean().item() == 0.5
    assert x[:, 1:].std().item() == pytest.approx(0.3, abs=0.01)


def test_the_gradient_drawn_is_what_finite_differences_say(code: dict[str, Any], run: Recording) -> None:
    torch.manual_seed(SEED)
    code["sequences"](500, 10, 0.3)
    x = code["sequences"](200, 100, 0.3)[0].double()
    state = torch.get_rng_state()
    for arm in ("rnn", "half", "chosen"):
        torch.set_rng_state(state)
        net = code["Net"](arm, 16, 3.0).double()
        drawn: Any = next(
            e for e in run.events if e["kind"] == "curve" and (e["chart"], e["series"]) == ("gradient", arm)
        )
        for back in (0, 3):
            nudged = x.clone()
            nudged[:, 100 - back] += 1e-6
            with torch.no_grad():
                expected = ((net(nudged) - net(x))[:, -1] / 1e-6).abs().mean().item()
            assert drawn["y"][drawn["x"].index(back)] == pytest.approx(expected, rel=0.01), f"{arm}, {back} back"


def test_many_seeds_measure_what_one_run_draws(run: Recording) -> None:
    drawn = trial_of(SEED, run.events)
    measure = load_module(LESSON.claims).measure
    trials = list(measure([SEED + 1, SEED], lag=10, forget=3.0, hidden=16, noise=0.3, lr=0.01, epochs=3))
    for arm in ("rnn", "half", "chosen"):
        assert trials[1].lines["accuracy"][arm] == pytest.approx(drawn.lines["accuracy"][arm], abs=0.03)
        asked = drawn.curves["asked"][arm]
        assert asked.shape == (4, 101)
        assert asked[:, 10] == pytest.approx(drawn.lines["accuracy"][arm], abs=1e-5)
    assert drawn.last("accuracy", "chosen") > 0.9
