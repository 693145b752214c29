"""Many copies against the plain loop, seed by seed, whichever path trains them."""

import logging
import random
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seelearn.many import Adam, Sgd, StackError, many
from seelearn.many.train import _say
from seelearn.microscope.with_torch import ACTIVATIONS
from tests.many.plain_loop import noisy_line, plain_loop


class Residual(nn.Module):
    """No nn.Sequential: what the fused path cannot read."""

    def __init__(self, width: int, norm: type[nn.Module] | None = None, p: float = 0.0) -> None:
        super().__init__()
        self.first = nn.Linear(1, width)
        self.norm = norm(width) if norm else nn.Identity()
        self.second = nn.Linear(width, width)
        self.bend = nn.Tanh()
        self.drop = nn.Dropout(p)
        self.last = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.bend(self.norm(self.first(x)))
        h = h + self.bend(self.second(self.drop(h)))
        y: Tensor = self.last(h)
        return y


def stack(width: int = 6, activation: type[nn.Module] = nn.Tanh) -> nn.Sequential:
    return nn.Sequential(nn.Linear(1, width), activation(), nn.Linear(width, width), activation(), nn.Linear(width, 1))


def normed(width: int = 6) -> nn.Sequential:
    return nn.Sequential(nn.Linear(1, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, 1))


SEEDS = [3, 0, 11]
NETS: dict[str, Callable[[], nn.Module]] = {
    "fused": stack,
    "torch.func": lambda: Residual(6),
    "layer norm": lambda: Residual(6, nn.LayerNorm),
    "in place": lambda: nn.Sequential(nn.Linear(1, 5), nn.ELU(inplace=True), nn.Linear(5, 1)),
}
OPTIMIZERS: list[tuple[Any, Callable[[Any], torch.optim.Optimizer]]] = [
    (lambda: Adam(0.02), lambda p: torch.optim.Adam(p, 0.02)),
    (lambda: Adam(0.02, (0.8, 0.9), 1e-3), lambda p: torch.optim.Adam(p, 0.02, (0.8, 0.9), 1e-3)),
    (lambda: Sgd(0.02), lambda p: torch.optim.SGD(p, 0.02)),
    (lambda: Sgd(0.02, 0.9), lambda p: torch.optim.SGD(p, 0.02, 0.9)),
]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", NETS)
def test_every_seed_is_what_the_plain_loop_trains(name: str, optimizer: Any) -> None:
    ours, theirs = optimizer
    outcome = many(NETS[name], noisy_line, F.mse_loss, ours, epochs=3, batch=16, seeds=SEEDS)
    for copy, seed in enumerate(SEEDS):
        losses, _, net = plain_loop(seed, NETS[name], noisy_line, theirs, 3, 16)
        assert outcome.loss[copy] == pytest.approx(losses, rel=1e-4)
        x, _ = noisy_line()[1]
        with torch.no_grad():
            assert torch.allclose(outcome.network(copy)(x), net.eval()(x), atol=1e-4)
            assert torch.allclose(torch.from_numpy(outcome.prediction[copy, -1]), net(x), atol=1e-4)
    assert outcome.paths[0].startswith("fused" if name == "fused" else "torch.func")


def test_batch_statistics_after_one_step_are_those_of_the_plain_loop() -> None:
    for build in (normed, lambda: Residual(6, nn.BatchNorm1d)):
        outcome = many(build, noisy_line, F.mse_loss, lambda: Sgd(1e-9), epochs=1, batch=50, seeds=SEEDS)
        for copy, seed in enumerate(SEEDS):
            _, _, net = plain_loop(seed, build, noisy_line, lambda p: torch.optim.SGD(p, 1e-9), 1, 50)
            state = net.state_dict()
            for key in (key for key in state if "running" in key):
                assert torch.allclose(outcome.state(copy)[key], state[key], atol=1e-5), key
                assert not torch.allclose(outcome.state(copy)[key], build().state_dict()[key], atol=1e-3)


@pytest.mark.parametrize("activation", [nn.Tanh, nn.ReLU, nn.LeakyReLU, nn.Sigmoid, nn.SELU, nn.GELU, nn.Softplus])
def test_looks_are_those_of_the_microscope(activation: type[nn.Module]) -> None:
    def build() -> nn.Module:
        return nn.Sequential(nn.BatchNorm1d(1), *stack(7, activation))

    outcome = many(build, noisy_line, F.mse_loss, Adam, epochs=0, batch=16, seeds=SEEDS)
    for copy, seed in enumerate(SEEDS):
        _, [look], _ = plain_loop(seed, build, noisy_line, torch.optim.Adam, 0, 16)
        for ours, theirs in zip(outcome.looks.layers(copy, 0), look, strict=True):
            assert ours["name"] == theirs["name"]
            for key in ("signal", "saturated", "dead"):
                assert ours[key] == (None if theirs[key] is None else pytest.approx(theirs[key], abs=1e-5)), key
            for side in ("before", "after"):
                one, other = ours[side], theirs[side]
                assert (one["low"], one["high"], one["nan"]) == (other["low"], other["high"], other["nan"])
                # A value at the very edge of a bin may fall into the next one: the kernel's tanh is not libm's.
                assert sum(abs(a - b) for a, b in zip(one["counts"], other["counts"], strict=True)) <= 2
                assert one["mean"] == pytest.approx(other["mean"], abs=1e-5)
                assert one["std"] == pytest.approx(other["std"], abs=1e-5)


def test_dropout_differs_between_copies_and_is_off_when_looking() -> None:
    outcome = many(lambda: Residual(8, p=0.5), noisy_line, F.mse_loss, Adam, epochs=2, batch=16, seeds=[1, 1, 2])
    assert outcome.loss[0, 0] == outcome.loss[1, 0]
    assert outcome.loss[0, 2] != outcome.loss[1, 2], "two copies of one seed drop the same units"
    with torch.no_grad():
        torch.manual_seed(1)
        x, y = noisy_line()[1]
        assert F.mse_loss(outcome.network(0)(x), y).item() == pytest.approx(outcome.loss[0, 2].item(), rel=1e-5)


def test_convolutions_and_recurrent_cells_can_be_stacked() -> None:
    class Cell(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell, self.read = nn.GRUCell(1, 4), nn.Linear(4, 1)

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.read(self.cell(x, self.cell(x)))
            return y

    def images() -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        return (torch.randn(20, 1, 6, 6), torch.randn(20, 1)), (torch.randn(10, 1, 6, 6), torch.randn(10, 1))

    def picture() -> nn.Module:
        return nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.GroupNorm(1, 2), nn.Flatten(), nn.Linear(32, 1))

    for build, data in ((Cell, noisy_line), (picture, images)):
        outcome = many(build, data, F.mse_loss, lambda: Adam(0.01), epochs=2, batch=8, seeds=SEEDS)
        for copy, seed in enumerate(SEEDS):
            losses, _, _ = plain_loop(seed, build, data, lambda p: torch.optim.Adam(p, 0.01), 2, 8)
            assert outcome.loss[copy] == pytest.approx(losses, rel=1e-4)


def test_settings_may_differ_between_seeds_and_each_seed_may_be_trained_several_ways() -> None:
    def net(width: int, bend: str) -> nn.Module:
        return stack(width, {"tanh": nn.Tanh, "relu": nn.ReLU}[bend])

    outcome = many(
        net, noisy_line, F.mse_loss, Adam, epochs=1, batch=16, seeds=[5, 6], each={"bend": ["tanh", "relu"]},
        width=4, lr=[0.01, 0.05], noise=np.array([0.1, 0.2]),
    )  # fmt: skip
    assert outcome.seeds == [5, 5, 6, 6]
    alone = [(5, "tanh", 0.01, 0.1), (5, "relu", 0.01, 0.1), (6, "tanh", 0.05, 0.2), (6, "relu", 0.05, 0.2)]
    for copy, (seed, bend, lr, noise) in enumerate(alone):
        losses, _, _ = plain_loop(
            seed, partial(net, 4, bend), partial(noisy_line, noise), partial(torch.optim.Adam, lr=lr), 1, 16
        )
        assert outcome.loss[copy] == pytest.approx(losses, rel=1e-4)


def test_a_loss_that_is_gone_is_kept_and_touches_no_neighbour() -> None:
    for build in (stack, lambda: Residual(6)):
        outcome = many(build, noisy_line, F.mse_loss, Sgd, epochs=2, batch=16, seeds=[1, 1], lr=[1e20, 0.01])
        alone = many(build, noisy_line, F.mse_loss, Sgd, epochs=2, batch=16, seeds=[1], lr=0.01)
        assert not np.isfinite(outcome.loss[0, -1])
        assert outcome.looks.layers(0, 2)[-1]["before"]["nan"] > 0
        assert outcome.loss[1] == pytest.approx(alone.loss[0], rel=1e-6)


def test_the_callers_generators_are_left_alone() -> None:
    def draw() -> list[float]:
        return [torch.rand(1).item(), float(np.random.rand()), random.random()]

    def start() -> None:
        torch.manual_seed(4)
        np.random.seed(4)
        random.seed(4)

    start()
    expected = draw()
    start()
    many(stack, noisy_line, F.mse_loss, Adam, epochs=1, batch=16, seeds=[0])
    assert draw() == expected


class Shifted(nn.Sequential):
    """Looks like a stack, and computes something else."""

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + super().forward(x)  # type: ignore[no-untyped-call]
        return y


class Scaled(nn.Module):
    """Two of them differ in what no parameter and no public attribute shows."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.line, self._scale = nn.Linear(1, 1), scale

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self._scale * self.line(x)
        return y


def half_frozen() -> nn.Module:
    net = stack()
    net[0].requires_grad_(False)
    return net


@pytest.mark.parametrize("build", [lambda: Shifted(*stack()), half_frozen])
def test_what_only_looks_like_a_stack_is_trained_as_what_it_is(build: Callable[[], nn.Module]) -> None:
    outcome = many(build, noisy_line, F.mse_loss, lambda: Adam(0.02), epochs=2, batch=16, seeds=SEEDS)
    for copy, seed in enumerate(SEEDS):
        losses, _, _ = plain_loop(seed, build, noisy_line, lambda p: torch.optim.Adam(p, 0.02), 2, 16)
        assert outcome.loss[copy] == pytest.approx(losses, rel=1e-4)


def test_networks_that_compute_differently_are_kept_apart() -> None:
    together = many(Scaled, noisy_line, F.mse_loss, Adam, epochs=1, batch=16, seeds=[3], each={"scale": [1.0, 5.0]})
    for copy, scale in enumerate((1.0, 5.0)):
        alone = many(Scaled, noisy_line, F.mse_loss, Adam, epochs=1, batch=16, seeds=[3], scale=scale)
        assert together.loss[copy] == pytest.approx(alone.loss[0], rel=1e-6)


def test_it_says_once_why_a_network_is_not_fused(caplog: pytest.LogCaptureFixture) -> None:
    _say.cache_clear()
    with caplog.at_level(logging.WARNING, logger="seelearn.many"):
        many(lambda: Residual(4), noisy_line, F.mse_loss, Adam, epochs=0, batch=16, seeds=[1, 2, 3])
    assert [record.getMessage() for record in caplog.records] == [
        "through torch.func, because the network is a Residual, not an nn.Sequential"
    ]


def test_what_cannot_be_stacked_is_refused_in_words() -> None:
    class Choosy(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            y = super().forward(x)
            return y if y.sum() > 0 else -y

    with pytest.raises(StackError, match="train it one seed at a time"):
        many(lambda: Choosy(1, 1), noisy_line, F.mse_loss, Adam, epochs=1, batch=16, seeds=[1, 2])
    with pytest.raises(StackError, match="train them apart"):
        many(
            lambda depth: nn.Sequential(*[nn.Sequential(nn.Linear(1, 1), nn.Tanh()) for _ in range(depth)]),
            noisy_line, F.mse_loss, Adam, epochs=1, batch=16, seeds=[1, 2], depth=[1, 2],
        )  # fmt: skip
    with pytest.raises(StackError, match="BatchNorm1d needs two"):
        many(normed, noisy_line, F.mse_loss, Adam, epochs=1, batch=1, seeds=[1])
    with pytest.raises(StackError, match="different sizes"):
        many(stack, noisy_line, F.mse_loss, Adam, epochs=1, batch=16, seeds=[1, 2], n=[40, 50])
    for wrong, words in (
        ({"seeds": []}, "seeds is 0"),
        ({"batch": 0}, "batch is 0"),
        ({"lr": [1, 2]}, "lr has 2"),
        ({"nosie": 1}, "nothing takes the setting nosie"),
        ({"each": {"lr": []}}, "lr has no values"),
    ):
        with pytest.raises(ValueError, match=words):
            many(stack, noisy_line, F.mse_loss, Adam, **{"epochs": 1, "batch": 16, "seeds": [1, 2, 3], **wrong})  # type: ignore[arg-type]


def test_every_activation_that_is_fused_is_one_that_the_microscope_knows() -> None:
    from seelearn.many.fused import ACTIVATIONS as FUSED

    assert set(FUSED) <= set(ACTIVATIONS)
