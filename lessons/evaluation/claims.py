"""What the prose claims. One seed draws its points, its five networks, its coin flips."""

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional as F

from seelearn.claims import Trial, claim

from .with_torch import SIZES, clouds, judge, peek, roc, show_regression, small_net

CONDITIONS = {
    "rare": {"rare": 0.1},
    "even": {"rare": 0.5},
    "low": {"threshold": 0.2},
    "balanced": {"balance": "yes"},
}


def regression() -> dict[str, dict[str, float]]:
    """Return what the regression says in its notes."""
    said: dict[str, dict[str, float]] = {}
    show: Any = SimpleNamespace(
        curve=lambda *drawn: None,
        points=lambda *drawn: None,
        note=lambda key, **values: said.update({key: values}),
    )
    show_regression(show)
    return said


def measure(
    seeds: Sequence[int], rare: float, balance: str, distance: float, threshold: float, tries: int,
    epochs: int,
) -> Iterator[Trial]:  # fmt: skip
    """Train the five networks of every seed side by side, as `run` trains those of one."""
    drawn, nets, peeks, notes = [], [], [], []
    for seed in seeds:
        torch.manual_seed(seed)
        sizes = [(SIZES[-1], 0.5 if balance == "yes" else rare), (2000, rare), (2000, rare)]
        drawn.append([part for n, share in sizes for part in clouds(n, share, distance)])
        nets += [small_net() for _ in SIZES]
        peeks.append(peek(tries))
        notes.append(regression())
    x, y, val_x, val_y, test_x, test_y = (torch.stack(part) for part in zip(*drawn, strict=True))
    parameters, _ = stack_module_state(nets)
    answer = vmap(lambda own, at: functional_call(nets[0], own, (at,)))
    first = torch.arange(SIZES[-1]) < torch.tensor(SIZES).unsqueeze(1)  # who trains on which points
    shares = (first / first.sum(dim=1, keepdim=True)).repeat(len(seeds), 1)

    def costs(x: Tensor, y: Tensor) -> Tensor:
        """Return the loss of every point: [seeds and sizes, points]."""
        x, y = (part.repeat_interleave(len(SIZES), 0) for part in (x, y))
        return F.cross_entropy(answer(parameters, x).transpose(1, 2), y, reduction="none")

    optimizer = torch.optim.Adam(parameters.values(), lr=0.03)
    sure = []
    for epoch in range(epochs + 1):
        with torch.no_grad():
            scored = {name: p[len(SIZES) - 1 :: len(SIZES)] for name, p in parameters.items()}
            sure.append(answer(scored, test_x).softmax(dim=2)[:, :, 1])
        for _ in range(10 if epoch < epochs else 0):
            optimizer.zero_grad()
            (costs(x, y) * shares).sum().backward()
            optimizer.step()
    with torch.no_grad():
        known = (costs(x, y) * shares).sum(dim=1).view(-1, len(SIZES)).numpy()
        held_back = costs(val_x, val_y).mean(dim=1).view(-1, len(SIZES)).numpy()
    for place, seed in enumerate(seeds):
        own, truth = torch.stack(sure)[:, place], test_y[place]
        lines = {name: line.numpy() for name, line in judge(own > threshold, truth).items()}
        lines["auc"] = torch.stack(
            [torch.trapezoid(*reversed(roc(one, truth))) for one in own]
        ).numpy()
        curves = {
            "learning": {"training": known[place][None], "validation": held_back[place][None]},
            "peek": {name: line.numpy()[None] for name, line in peeks[place].items()},
        }
        said = {**notes[place], "sure": {"mean": own[-1].mean().item(), "rare": rare}}
        yield Trial(seed, lines={"scores": lines}, curves=curves, notes=said)


def score(trial: Trial, name: str) -> float:
    return trial.last("scores", name)


def always(trial: Trial) -> float:
    """Return the accuracy of always saying common."""
    return 1 - float(trial.notes["sure"]["rare"])


@claim("rare", median=(0.88, 0.93))
@claim("even", median=(0.7, 0.82))
def accuracy(trial: Trial) -> float:
    return score(trial, "accuracy")


@claim("rare", share=0.95)
def hardly_beats_nothing(trial: Trial) -> bool:
    """Its accuracy is less than 0.02 above that of always saying common."""
    return score(trial, "accuracy") < always(trial) + 0.02


@claim("rare", median=(0.15, 0.4))
@claim("low", median=(0.33, 0.5))
@claim("even", median=(0.68, 0.82))
def f1(trial: Trial) -> float:
    return score(trial, "f1")


@claim("low", share=0.9)
def worse_than_nothing(trial: Trial) -> bool:
    """Its accuracy is below that of always saying common."""
    return score(trial, "accuracy") < always(trial)


@claim("rare", "even", "balanced", median=(0.8, 0.87))
def auc(trial: Trial) -> float:
    return score(trial, "auc")


@claim("rare", median=(0.08, 0.3))
@claim("balanced", median=(0.7, 0.82))
def recall(trial: Trial) -> float:
    return score(trial, "recall")


@claim("rare", share=0.9)
@claim("balanced", share=0.9, refuted=True)
def keeps_its_word(trial: Trial) -> bool:
    """Its mean probability is within 0.03 of the share that is rare."""
    return bool(abs(trial.notes["sure"]["mean"] - trial.notes["sure"]["rare"]) < 0.03)


@claim("balanced", median=(0.25, 0.4))
def mean_probability(trial: Trial) -> float:
    return float(trial.notes["sure"]["mean"])


@claim("rare", median=(0.58, 0.68))
def peeked(trial: Trial) -> float:
    return float(trial.curves["peek"]["test"][-1, -1])


@claim("rare", median=(0.48, 0.52))
def fresh(trial: Trial) -> float:
    return float(trial.curves["peek"]["fresh"][-1, -1])


@claim("rare", share=0.9)
def peeking_flatters(trial: Trial) -> bool:
    """By over 0.05. Promised for 95% at first, which 125 of 128 seeds left undecided."""
    return peeked(trial) > fresh(trial) + 0.05


@claim("rare", share=0.95)
def training_loss_rises(trial: Trial) -> bool:
    line = trial.curves["learning"]["training"][-1]
    return bool(line[-1] > line[0])


@claim("rare", share=0.95)
def validation_loss_falls(trial: Trial) -> bool:
    line = trial.curves["learning"]["validation"][-1]
    return bool(line[-1] < line[0])


@claim("rare", median=(0.85, 1.0))
def r2_inside(trial: Trial) -> float:
    return float(trial.notes["inside"]["r2"])


@claim("rare", share=0.95, refuted=True)
def r2_is_not_negative(trial: Trial) -> bool:
    """On the points that it does not see."""
    return bool(trial.notes["outside"]["r2"] >= 0)
