"""The flagship against hand computation: what its network computes, and what its run shows."""

from pathlib import Path
from typing import Any

import pytest
import torch
from tests.conftest import record
from torch import Tensor, nn

from seelearn.engine.catalogue import Lesson
from seelearn.engine.module import load_module
from seelearn.engine.recording import Recording
from seelearn.events import Layer


@pytest.fixture(scope="module")
def code(lesson: Lesson) -> dict[str, Any]:
    """The names in the lesson's file."""
    return vars(load_module(lesson.file("torch")))


def net(code: dict[str, Any], arm: str, activation: str = "tanh", bias: float = -0.2) -> nn.Sequential:
    torch.manual_seed(3)
    built: nn.Sequential = code["deep_net"](arm, activation, "small", bias, 8, 10, 0.5)
    return built.double()


def linears(network: nn.Module) -> list[nn.Linear]:
    return [module for module in network.modules() if isinstance(module, nn.Linear)]


def test_the_data_are_the_parabola_with_its_noise(code: dict[str, Any]) -> None:
    torch.manual_seed(0)
    x, y = code["parabola"](2000, 2.0)
    assert x.shape == y.shape == (2000, 1)
    assert (x[0].item(), x[-1].item()) == (-7, 10)
    assert torch.allclose(x.diff(dim=0), torch.tensor(17 / 1999), atol=1e-5)
    residual = y - (x**2 - 5)
    assert residual.mean().item() == pytest.approx(0, abs=0.15)
    assert residual.std().item() == pytest.approx(2, abs=0.1)


def test_the_start_is_bad_as_planned(code: dict[str, Any]) -> None:
    layers = linears(net(code, "plain"))
    assert [(m.in_features, m.out_features) for m in layers] == [(1, 10)] + [(10, 10)] * 7 + [(10, 1)]
    weights = torch.cat([m.weight.flatten() for m in layers])
    assert weights.std().item() == pytest.approx(0.1, abs=0.01)
    assert all(torch.allclose(m.bias, torch.tensor(-0.2, dtype=m.bias.dtype)) for m in layers)


def test_normalization_stands_before_each_activation_and_not_at_the_output(
    code: dict[str, Any],
) -> None:
    def kinds(arm: str) -> str:
        letters = {nn.Linear: "L", nn.BatchNorm1d: "B", nn.Tanh: "a"}
        return "".join(letters[type(module)] for module in net(code, arm))

    assert kinds("plain") == "La" * 8 + "L"
    assert kinds("batch norm") == "B" + "LBa" * 8 + "L"
    assert kinds("input only") == "B" + "La" * 8 + "L"
    assert kinds("hidden only") == "LBa" * 8 + "L"


def by_hand(network: nn.Sequential, x: Tensor) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
    """Compute a forward pass in training mode; also the running mean and variance it must leave behind."""
    running = []
    for module in network:
        if isinstance(module, nn.BatchNorm1d):
            mean, n = x.mean(dim=0), len(x)
            variance = ((x - mean) ** 2).sum(dim=0) / n
            running.append((0.5 * mean, 0.5 + 0.5 * variance * n / (n - 1)))
            x = (x - mean) / torch.sqrt(variance + 1e-5) * module.weight + module.bias
        elif isinstance(module, nn.Linear):
            x = x @ module.weight.T + module.bias
        else:
            x = torch.tanh(x)
    return x, running


def test_batch_norm_equals_a_hand_computation(code: dict[str, Any]) -> None:
    network = net(code, "batch norm")
    x = 5 * torch.randn(64, 1, dtype=torch.float64)
    expected, running = by_hand(network, x)
    assert torch.allclose(network(x), expected, atol=1e-8)
    norms = [module for module in network if isinstance(module, nn.BatchNorm1d)]
    for module, (mean, variance) in zip(norms, running, strict=True):
        assert module.running_mean is not None
        assert module.running_var is not None
        assert torch.allclose(module.running_mean, mean, atol=1e-8)
        assert torch.allclose(module.running_var, variance, atol=1e-8)


def test_in_training_mode_the_bias_makes_no_difference(code: dict[str, Any]) -> None:
    x = torch.linspace(-7, 10, 64, dtype=torch.float64).unsqueeze(1)

    def difference(arm: str) -> float:
        outputs = []
        for bias in (-0.2, 0.3):
            network = net(code, arm, bias=bias)
            outputs.append(network(x) - network[-1].bias)  # the output layer's own bias stays
        return float((outputs[0] - outputs[1]).abs().max().item())

    assert difference("hidden only") < 1e-9
    assert difference("plain") > 0.01


@pytest.fixture(scope="module", params=["tanh", "relu"])
def run(request: pytest.FixtureRequest, lesson: Lesson, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """All four arms for six epochs."""
    given = {"activation": request.param, "arms": "four", "epochs": 6, "seed": 11}
    return record(lesson, given, tmp_path_factory.mktemp("flagship") / "run")


def layers(run: Recording, arm: str, step: int) -> list[Layer]:
    return next(e["layers"] for e in run.events if e["kind"] == "layers" and (e["series"], e["step"]) == (arm, step))


def losses(run: Recording, arm: str) -> list[float | None]:
    return [e["y"] for e in run.events if e["kind"] == "line" and e["series"] == arm]


def test_all_arms_start_equal(run: Recording) -> None:
    # In evaluation mode an untrained BN passes its input on, but for its epsilon of 1e-5.
    start = losses(run, "plain")[0]
    for arm in ("batch norm", "input only", "hidden only"):
        assert losses(run, arm)[0] == pytest.approx(start, rel=1e-4)
    signals = [seen["signal"] for seen in layers(run, "plain", 0)]
    assert [seen["signal"] for seen in layers(run, "hidden only", 0)] == pytest.approx(signals, rel=1e-2, abs=1e-6)


def test_every_arm_sees_the_same_batches(code: dict[str, Any], lesson: Lesson, tmp_path: Path) -> None:
    # Alone or in company, an arm's losses are the same: no arm's draws disturb another's.
    two = record(lesson, {"epochs": 2, "seed": 1}, tmp_path / "two")
    four = record(lesson, {"epochs": 2, "seed": 1, "arms": "four"}, tmp_path / "four")
    for arm in ("plain", "batch norm"):
        assert losses(two, arm) == losses(four, arm)


def test_there_is_a_look_before_each_epoch_and_after_the_last(run: Recording) -> None:
    assert [e["step"] for e in run.events if e["kind"] == "step"] == list(range(7))
    assert all(len(losses(run, arm)) == 7 for arm in ("plain", "batch norm"))
    assert all(len(layers(run, "plain", step)) == 9 for step in range(7))


def test_without_normalization_the_signal_dies_and_with_it_it_lives(run: Recording) -> None:
    for arm, alive in (
        ("plain", False),
        ("input only", False),
        ("batch norm", True),
        ("hidden only", True),
    ):
        last = layers(run, arm, 6)[-1]
        assert last["signal"] is not None
        assert (last["signal"] > 0.1) is alive
        assert (last["dead"] == 1) is not alive


def test_normalization_wins_here_and_the_run_says_so(run: Recording) -> None:
    final = {arm: losses(run, arm)[-1] for arm in ("plain", "batch norm")}
    said = [event for event in run.events if event["kind"] == "note"]
    assert said[0]["key"] == "wins"
    assert said[0]["values"] == {"plain": final["plain"], "norm": final["batch norm"]}
    assert {event["values"]["arm"] for event in said[1:]} == {"plain", "input only"}


def test_the_histograms_hold_every_value(run: Recording) -> None:
    for event in run.events:
        if event["kind"] != "layers":
            continue
        for seen in event["layers"]:
            expected = 200 if seen["name"] == "input" else 2000
            for part in (seen["before"], seen["after"]):
                assert sum(part["counts"]) + part["nan"] == expected


def test_arms_that_are_compared_share_their_axes(run: Recording) -> None:
    for step in (0, 6):
        plain, other = layers(run, "plain", step), layers(run, "batch norm", step)
        for one, two in zip(plain, other, strict=True):
            assert (one["before"]["low"], one["before"]["high"]) == (
                two["before"]["low"],
                two["before"]["high"],
            )
            assert (one["after"]["low"], one["after"]["high"]) == (
                two["after"]["low"],
                two["after"]["high"],
            )
