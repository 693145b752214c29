"""What the prose claims. One seed gives both networks the same points and batches."""

import math
from collections.abc import Iterator, Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from seelearn.claims import Trial, claim
from seelearn.many import Adam, many

from .with_torch import BATCH, build, sample

CONDITIONS = {
    "rings": {},
    "two_rings": {"classes": 2},
    "spirals": {"shape": "spirals"},
    "blobs": {"shape": "blobs", "noise": 0.5},
    "long": {"shape": "blobs", "noise": 0.5, "points": 100, "epochs": 200},
    "plenty": {"shape": "blobs", "noise": 0.5, "points": 1000, "epochs": 20},
}
TESTS = 600
TOO_SURE = 0.03
"""Too sure: the mean confidence is so far above the accuracy, or farther."""


def data(
    shape: str, classes: int, noise: float, points: int
) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Test on the new points and, behind them, on the training points: `run` looks at both."""
    train, test = (sample(n, shape, classes, noise) for n in (points, TESTS))
    return train, (torch.cat([test[0], train[0]]), torch.cat([test[1], train[1]]))


def measure(
    seeds: Sequence[int], shape: str, classes: int, noise: float, points: int, width: int,
    lr: float, epochs: int,
) -> Iterator[Trial]:  # fmt: skip
    """Train both networks for every seed, as `run` trains them for one."""
    outcomes = {
        arm: many(
            build, data, F.cross_entropy, Adam, epochs=epochs, batch=BATCH, seeds=seeds,
            hidden=hidden, shape=shape, classes=classes, noise=noise, points=points,
            width=width, lr=lr,
        )
        for arm, hidden in {"linear": 0, "net": 2}.items()
    }  # fmt: skip
    answers = torch.cat([torch.arange(TESTS) % classes, torch.arange(points) % classes])
    for place, seed in enumerate(seeds):
        accuracy, loss, gap = {}, {}, {}
        for arm, outcome in outcomes.items():
            logs = torch.from_numpy(outcome.prediction[place]).log_softmax(dim=2)
            costs = -logs[:, torch.arange(len(answers)), answers]
            sure, guess = logs[:, :TESTS].exp().max(dim=2)
            right = (guess == answers[:TESTS]).float()
            accuracy[arm] = right.mean(dim=1).numpy()
            gap[arm] = (sure - right).mean(dim=1).numpy()
            loss[arm], loss["train"] = (
                part.mean(dim=1).numpy() for part in costs.split([TESTS, points], dim=1)
            )
        kept = {"sure": sure[-1:].numpy(), "right": right[-1:].numpy()}  # the network's, at the end
        lines = {"accuracy": accuracy, "loss": loss, "gap": gap}
        networks = {arm: partial(outcome.network, place) for arm, outcome in outcomes.items()}
        yield Trial(seed, lines=lines, curves={"answers": kept}, networks=networks)


@claim("two_rings", "spirals", "rings", share=0.95)
def line_fails(trial: Trial) -> bool:
    """Without a hidden layer, fewer than six answers in ten are right."""
    return trial.last("accuracy", "linear") < 0.6


@claim("two_rings", median=(0.95, 1.0))
@claim("rings", "spirals", median=(0.85, 0.95))
def accuracy_net(trial: Trial) -> float:
    return trial.last("accuracy", "net")


@claim("blobs", "long", share=0.95, refuted=True)
def net_beats_line(trial: Trial) -> bool:
    return trial.last("accuracy", "net") > trial.last("accuracy", "linear")


@claim("long", share=0.9)
def line_beats_net(trial: Trial) -> bool:
    return trial.last("accuracy", "linear") > trial.last("accuracy", "net")


@claim("rings", share=0.9)
def modest_at_first(trial: Trial) -> bool:
    """After five epochs, the mean confidence is below the accuracy."""
    return bool(trial.lines["gap"]["net"][5] < 0)


@claim("long", share=0.95)
@claim("plenty", share=0.95, refuted=True)
def too_sure(trial: Trial) -> bool:
    return trial.last("gap", "net") > TOO_SURE


@claim("long", share=0.95)
def grows_surer(trial: Trial) -> bool:
    """The mean confidence is farther above the accuracy at the end than after 20 epochs."""
    return bool(trial.lines["gap"]["net"][-1] > trial.lines["gap"]["net"][20])


@claim("long", median=(0.0, 0.05))
def accuracy_lost(trial: Trial) -> float:
    """How much the accuracy falls from epoch 20 to the end."""
    accuracy = trial.lines["accuracy"]["net"]
    return float(accuracy[20] - accuracy[-1])


@claim("long", share=0.95)
def loss_doubles(trial: Trial) -> bool:
    """At the end, the loss on new points is more than twice its lowest."""
    return bool(trial.last("loss", "net") > 2 * trial.lines["loss"]["net"].min())


@claim("long", share=0.95, refuted=True)
def keeps_its_word(trial: Trial) -> bool:
    """Of the answers it is at least 95% sure of, at least 95% are right."""
    kept = trial.curves["answers"]
    return bool(kept["right"][kept["sure"] >= 0.95].mean() >= 0.95)


@claim("long", share=0.95)
def line_is_not_too_sure(trial: Trial) -> bool:
    return trial.last("gap", "linear") < TOO_SURE


@claim("rings", share=0.95, refuted=True)
def doubts_far_away(trial: Trial) -> bool:
    """On a circle of radius 10, far from all points, the mean confidence is below 90%."""
    turn = torch.linspace(0, 2 * math.pi, 73)[:-1]
    with torch.no_grad():
        scores = trial.networks["net"]()(10 * torch.stack([turn.cos(), turn.sin()], dim=1))
    return bool(scores.softmax(dim=1).amax(dim=1).mean() < 0.9)
