"""What the prose claims. One seed gives both networks the same points, weights and batches."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from seelearn.claims import Trial, claim
from seelearn.many import Adam, many

from .with_torch import BATCH, build, sample, truth

CONDITIONS = {
    "net": {},
    "tanh": {"activation": "tanh"},
    "narrow": {"width": 4},
    "wide": {"width": 64},
    "deep": {"depth": 4},
    "hasty": {"lr": 0.3},
    "quiet": {"noise": 0.1},
    "few": {"points": 30, "epochs": 300},
}
POINTS, FEW, NOISE = 300, 30, 0.3
NEAR = 1.5
"""Near the floor: a test loss of at most so many times that of the true curve."""


def data(points: int, noise: float) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Test on the new points and, behind them, on the training points: `run` looks at both."""
    train, test = sample(points, noise), sample(300, noise)
    return train, (torch.cat([test[0], train[0]]), torch.cat([test[1], train[1]]))


def measure(
    seeds: Sequence[int], activation: str, width: int, depth: int, points: int, noise: float,
    lr: float, epochs: int,
) -> Iterator[Trial]:  # fmt: skip
    """Train both networks for every seed, as `run` trains them for one."""
    outcomes = {
        name: many(
            build, data, F.mse_loss, Adam, epochs=epochs, batch=BATCH, seeds=seeds,
            activation=bend, width=width, depth=depth, points=points, noise=noise, lr=lr,
        )
        for name, bend in {"linear": "none", "net": activation}.items()
    }  # fmt: skip
    for place, seed in enumerate(seeds):
        torch.manual_seed(seed)
        _, (x, y) = data(points, noise)
        errors = {
            name: np.square(outcome.prediction[place] - y.numpy())[..., 0]
            for name, outcome in outcomes.items()
        }
        floor = F.mse_loss(truth(x[:300]), y[:300]).item()
        losses = {name: error[:, :300].mean(axis=1) for name, error in errors.items()}
        losses["train"] = errors["net"][:, 300:].mean(axis=1)
        losses["truth"] = np.full(epochs + 1, floor)
        networks = {n: partial(outcome.network, place) for n, outcome in outcomes.items()}
        yield Trial(seed, lines={"loss": losses}, networks=networks)


@claim("net", "wide", share=0.9)
@claim("quiet", "few", "hasty", share=0.9, refuted=True)
def comes_near(trial: Trial) -> bool:
    return trial.last("loss", "net") <= NEAR * trial.last("loss", "truth")


@claim("narrow", share=0.5)
def stays_away(trial: Trial) -> bool:
    """At no epoch is the network near the floor."""
    return epochs_needed(trial) == float("inf")


@claim("net", share=0.95)
def stays_above(trial: Trial) -> bool:
    return trial.last("loss", "net") > trial.last("loss", "truth")


@claim("net", median=(10, 25))
@claim("wide", median=(5, 16))
def epochs_needed(trial: Trial) -> float:
    """The first epoch after which the network is near the floor."""
    losses = trial.lines["loss"]
    (near,) = np.nonzero(losses["net"] <= NEAR * losses["truth"])
    return float(near[0]) if len(near) else float("inf")


@claim("few", share=0.9)
def learns_the_noise(trial: Trial) -> bool:
    """The training loss is below that of the true curve on the same points."""
    torch.manual_seed(trial.seed)
    x, y = sample(FEW, NOISE)
    return trial.last("loss", "train") < F.mse_loss(truth(x), y).item()


@claim("net", "deep", share=0.95, refuted=True)
def bends_a_little(trial: Trial) -> bool:
    """The middle of the curve without activation lies off the line through its ends."""
    with torch.no_grad():
        left, middle, right = trial.networks["linear"]()(torch.tensor([[-3.0], [0.0], [3.0]]))
    return bool((middle - (left + right) / 2).abs() > 0.001)


@claim("deep", share=0.95)
def least_squares_is_as_good(trial: Trial) -> bool:
    """On the training points, no network without activation has a lower loss than one line."""
    torch.manual_seed(trial.seed)
    x, y = sample(POINTS, NOISE)
    known = torch.cat([x, torch.ones_like(x)], dim=1).double()
    line = known @ torch.linalg.lstsq(known, y.double()).solution
    with torch.no_grad():
        loss = F.mse_loss(trial.networks["linear"]()(x).double(), y.double())
    return bool(loss > F.mse_loss(line, y.double()) - 1e-6)


@claim("net", "tanh", share=0.95, refuted=True)
def goes_on_as_the_sine(trial: Trial) -> bool:
    """Up to 2 beyond the points, its squared distance from the true curve is below 10 noises'."""
    x = torch.linspace(3, 5, 41).unsqueeze(1)
    x = torch.cat([x, -x])
    with torch.no_grad():
        distance = F.mse_loss(trial.networks["net"]()(x), truth(x)).item()
    return distance <= 10 * NOISE**2
