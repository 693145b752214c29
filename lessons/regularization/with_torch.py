"""Thirty waves, three of them real: what L1 and L2 do to the weights of the others."""

from typing import Annotated

import torch
from torch import Tensor

from seelearn.show import Range, Show, play

PENALTIES = {"none": lambda w: 0 * w, "l2": lambda w: w**2 / 2, "l1": lambda w: w.abs(),
             "proximal": lambda w: 0 * w}  # fmt: skip
GRID = torch.logspace(-3, 0.5, 22)  # the strengths that are tried beside the chosen one


def waves(x: Tensor, features: int) -> Tensor:
    """Return waves of 1, 2, 3 … half periods at each x in [0, 1]: [points, features]."""
    return 2**0.5 * torch.cos(torch.pi * x.unsqueeze(-1) * torch.arange(1, features + 1))


def sample(n: int, truth: Tensor, noise: float) -> tuple[Tensor, Tensor]:
    x = torch.rand(n)
    return x, waves(x, len(truth)) @ truth + noise * torch.randn(n)


def soft_threshold(weights: Tensor, amount: Tensor | float) -> Tensor:
    """Move every weight towards 0 by this amount, and no further than 0."""
    return weights.sign() * (weights.abs() - amount).clamp(min=0)


def show_two_weights(show: Show, strength: float) -> None:
    bowl, best = torch.tensor([[1, -0.5], [-0.5, 1]]), torch.tensor([1, 0.15])
    x, y = torch.meshgrid(torch.linspace(-2, 2, 201), torch.linspace(1.2, -1.2, 121), indexing="xy")
    away = torch.stack([x, y], dim=-1) - best
    height = (away @ bowl * away).sum(dim=-1).sqrt()
    show.image("two", "none", (5 * height).floor(), x=(-2, 2), y=(-1.2, 1.2))  # in terraces
    l2 = torch.linalg.solve(bowl + strength * torch.eye(2), bowl @ best)
    l1 = best
    for _ in range(500):
        l1 = soft_threshold(l1 - 0.1 * bowl @ (l1 - best), 0.1 * strength)
    angle, r = torch.linspace(0, 2 * torch.pi, 201), l1.abs().sum().item()
    show.curve("two", "l2", l2.norm() * angle.cos(), l2.norm() * angle.sin())
    show.curve("two", "proximal", [r, 0, -r, 0, r], [0, r, 0, -r, 0])
    for name, point in (("none", best), ("l2", l2), ("proximal", l1)):
        show.points("two", name, point[:1], point[1:])


def show_weights(show: Show, arm: str, weights: Tensor, truth: Tensor) -> None:
    chosen, z = weights[-1], torch.linspace(0, 1, 201)
    show.curve("fit", arm, z, waves(z, len(truth)) @ chosen)
    sizes = chosen.abs().where(chosen != 0, torch.nan)  # a logarithmic axis has no place for 0
    show.points("sizes", arm, range(1, len(truth) + 1), sizes)
    show.line("zeros", arm, (chosen == 0).sum().item())
    for name, which in (("real", truth != 0), ("useless", truth == 0)):
        paths = weights[:, which].T.clone()
        paths[:, -1] = torch.nan  # a gap before the next weight's path
        if arm in ("l2", "proximal"):
            show.curve(f"path_{arm}", name, [*GRID, GRID[-1]] * len(paths), paths)


def run(
    show: Show,
    strength: Annotated[float, Range(0.001, 3)] = 0.1,
    features: Annotated[int, Range(3, 60)] = 30,
    useful: Annotated[int, Range(1, 60)] = 3,
    n: Annotated[int, Range(20, 200)] = 40,
    noise: Annotated[float, Range(0, 2)] = 0.5,
    lr: Annotated[float, Range(0.001, 0.15)] = 0.1,
    epochs: Annotated[int, Range(1, 60)] = 20,
) -> None:
    truth = torch.zeros(features)
    truth[torch.randperm(features)[:useful]] = (3 / useful) ** 0.5
    (x, y), (test_x, test_y) = sample(n, truth, noise), sample(1000, truth, noise)
    inputs, test_inputs = waves(x, features), waves(test_x, features)
    show_two_weights(show, strength)
    show.points("fit", "train", x, y)
    strengths = torch.cat([GRID, torch.tensor([strength])])  # each has its own row of weights
    start = torch.randn(features)
    weights = {arm: start.repeat(len(strengths), 1).requires_grad_() for arm in PENALTIES}
    optimizer = torch.optim.SGD(weights.values(), lr)
    for epoch in show.steps(epochs):
        for arm, w in weights.items():
            show_weights(show, arm, w.detach(), truth)
            errors = (w.detach() @ test_inputs.T - test_y).square().mean(dim=1)
            show.curve("strength", arm, GRID, errors[:-1])
            show.line("error", arm, errors[-1].item())
        for _ in range(50 if epoch < epochs else 0):
            optimizer.zero_grad()
            for arm, w in weights.items():
                loss = (w @ inputs.T - y).square().mean(dim=1) / 2
                (loss + strengths * PENALTIES[arm](w).sum(dim=1)).sum().backward()
            optimizer.step()
            with torch.no_grad():
                weights["proximal"].copy_(
                    soft_threshold(weights["proximal"], lr * strengths[:, None])
                )
    show.note("end", **{arm: (w[-1] == 0).sum().item() for arm, w in weights.items()})


if __name__ == "__main__":
    play(run)
