"""What the prose claims. One seed gives all four methods the same points and the same start."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from seelearn.claims import Trial, claim

from .with_torch import GRID, PENALTIES, sample, soft_threshold, waves

CONDITIONS = {"sparse": {"useful": 3}, "dense": {"useful": 30}}


def measure(
    seeds: Sequence[int], strength: float, features: int, useful: int, n: int, noise: float,
    lr: float, epochs: int,
) -> Iterator[Trial]:  # fmt: skip
    """Do for all seeds side by side, [seeds, strengths, features], what `run` does for one."""
    truths, drawn = [], []
    for seed in seeds:
        torch.manual_seed(seed)
        truth = torch.zeros(features)
        truth[torch.randperm(features)[:useful]] = (3 / useful) ** 0.5
        truths.append(truth)
        (x, y), (test_x, test_y) = sample(n, truth, noise), sample(1000, truth, noise)
        start = torch.randn(features)
        drawn.append((waves(x, features), y, waves(test_x, features), test_y, start))
    inputs, y, test_inputs, test_y, start = (torch.stack(part) for part in zip(*drawn, strict=True))
    strengths = torch.cat([GRID, torch.tensor([strength])])
    first = start.unsqueeze(1).repeat(1, len(strengths), 1)
    weights = {arm: first.clone().requires_grad_() for arm in PENALTIES}
    optimizer = torch.optim.SGD(weights.values(), lr)
    errors: dict[str, list[NDArray[np.float32]]] = {arm: [] for arm in PENALTIES}
    for epoch in range(epochs + 1):
        for arm, w in weights.items():
            found = (w.detach() @ test_inputs.mT - test_y.unsqueeze(1)).square().mean(dim=2)
            errors[arm].append(found.numpy())
        for _ in range(50 if epoch < epochs else 0):
            optimizer.zero_grad()
            for arm, w in weights.items():
                loss = (w @ inputs.mT - y.unsqueeze(1)).square().mean(dim=2) / 2
                (loss + strengths * PENALTIES[arm](w).sum(dim=2)).sum().backward()
            optimizer.step()
            with torch.no_grad():
                weights["proximal"].copy_(
                    soft_threshold(weights["proximal"], lr * strengths[:, None])
                )
    for place, seed in enumerate(seeds):
        last = {arm: w.detach()[place, -1].numpy() for arm, w in weights.items()}
        history = {arm: np.array([one[place] for one in errors[arm]]) for arm in PENALTIES}
        yield Trial(
            seed,
            lines={"error": {arm: one[:, -1] for arm, one in history.items()}},
            curves={
                "strength": {arm: one[-1:, :-1] for arm, one in history.items()},
                "weights": {"true": truths[place].numpy()[None]}
                | {arm: one[None] for arm, one in last.items()},
            },
        )


def found(trial: Trial, arm: str) -> NDArray[np.float32]:
    """Return the weights after the last epoch, at the chosen strength: [features]."""
    weights: NDArray[np.float32] = trial.curves["weights"][arm][-1]
    return weights


def useless(trial: Trial) -> Any:
    return found(trial, "true") == 0


@claim("sparse", median=(0.6, 0.9))
def threshold_zeroes(trial: Trial) -> float:
    """The share of the useless weights that are exactly 0."""
    return float((found(trial, "proximal")[useless(trial)] == 0).mean())


@claim("sparse", share=0.95)
def threshold_keeps_useful(trial: Trial) -> bool:
    return bool((found(trial, "proximal")[~useless(trial)] != 0).all())


@claim("sparse", share=0.95, refuted=True)
def plain_l1_zeroes(trial: Trial) -> bool:
    """At least one weight is exactly 0."""
    return bool((found(trial, "l1") == 0).any())


@claim("sparse", share=0.95)
def plain_l1_hovers(trial: Trial) -> bool:
    """Where the soft threshold has 0, plain L1 is within 2 · learning rate · strength of it."""
    gone = found(trial, "proximal") == 0
    return bool((np.abs(found(trial, "l1")[gone]) <= 0.02).all())


@claim("sparse", share=0.95)
def plain_l1_predicts_as_well(trial: Trial) -> bool:
    """The test errors of the two ways to do L1 differ by less than 5%."""
    return abs(trial.last("error", "l1") / trial.last("error", "proximal") - 1) < 0.05


@claim("sparse", share=0.95)
def l2_zeroes_none(trial: Trial) -> bool:
    return bool((found(trial, "l2") != 0).all())


@claim("sparse", share=0.95)
def l2_shrinks(trial: Trial) -> bool:
    """The sum of the squared weights is smaller than without regularization."""
    l2, none = ((found(trial, arm) ** 2).sum() for arm in ("l2", "none"))
    return bool(l2 < none)


@claim("sparse", median=(2, 5))
def error_none(trial: Trial) -> float:
    return trial.last("error", "none")


@claim("sparse", median=(0.6, 1.4))
def error_l2(trial: Trial) -> float:
    return trial.last("error", "l2")


@claim("sparse", median=(0.27, 0.45))
def error_l1(trial: Trial) -> float:
    return trial.last("error", "proximal")


@claim("sparse", share=0.9)
def l2_helps(trial: Trial) -> bool:
    return trial.last("error", "l2") < trial.last("error", "none")


@claim("sparse", share=0.95)
def l1_helps(trial: Trial) -> bool:
    """It cuts the test error by a third at least."""
    return trial.last("error", "proximal") < 2 / 3 * trial.last("error", "none")


@claim("sparse", share=0.95)
@claim("dense", share=0.95, refuted=True)
def l1_beats_l2(trial: Trial) -> bool:
    """Each at the strength of the grid where its own test error is smallest."""
    curves = trial.curves["strength"]
    return bool(curves["proximal"][-1].min() < curves["l2"][-1].min())


@claim("sparse", share=0.95)
def too_much_hurts(trial: Trial) -> bool:
    """At strength 1, L1's test error is at least five times that at its best strength."""
    curve = trial.curves["strength"]["proximal"][-1]
    (at_one,) = np.flatnonzero(np.isclose(GRID.numpy(), 1))
    return bool(curve[at_one] >= 5 * curve.min())
