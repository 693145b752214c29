"""A painter hears nothing but a critic's verdict; the critic learns to see through its work."""

from typing import Annotated, Literal

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F

from seelearn.show import Range, Show, play

SHAPES = {"curves": (1, 15), "digits": (8, 8)}
BATCH, STEPS = 64, 50  # works in a batch, steps in an epoch


def masters(data: str) -> Tensor:
    if data == "digits":
        return torch.tensor(load_digits().data / 16).float()
    x, mix, tilt = torch.linspace(-1, 1, 15), torch.rand(2000, 1), torch.rand(2000, 1)
    return (1 - mix) * x**2 + mix * (2 - x**2 / 2) + (tilt - 0.5) * x  # from a bowl to an arch


def network(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, 128), nn.LeakyReLU(0.2), nn.Linear(128, outputs))


def mistaken(scores: Tensor, real: bool) -> Tensor:  # how wrong the critic is, if they are real
    return F.binary_cross_entropy_with_logits(scores, torch.full_like(scores, float(real)))


def spread(works: Tensor) -> Tensor:  # how much works differ, pixel by pixel
    return works.std(dim=0).mean()


def run(
    show: Show,
    data: Literal["curves", "digits"] = "curves",
    painter_lr: Annotated[float, Range(1e-5, 0.1)] = 0.001,
    critic_lr: Annotated[float, Range(1e-5, 0.1)] = 0.001,
    critic_steps: Annotated[int, Range(1, 5)] = 1,
    momentum: Annotated[float, Range(0, 0.95)] = 0.5,
    noise: Annotated[int, Range(1, 50)] = 5,
    epochs: Annotated[int, Range(1, 120)] = 30,
) -> None:
    real, shape = masters(data), SHAPES[data]
    painter, critic = network(noise, real.shape[1]), network(real.shape[1], 1)
    painters = torch.optim.Adam(painter.parameters(), painter_lr, betas=(momentum, 0.999))
    critics = torch.optim.Adam(critic.parameters(), critic_lr, betas=(momentum, 0.999))

    x, heights = torch.linspace(-1, 1, shape[1]), real.view(-1, *shape).mean(dim=1)
    show.curve("works", "lowest", x, heights.amin(dim=0))
    show.curve("works", "highest", x, heights.amax(dim=0))
    middle = real.mean(dim=0)
    axes = torch.linalg.svd(real - middle, full_matrices=False).Vh[:2].T
    show.points("cloud", "real", *((real[:300] - middle) @ axes).T)
    for epoch in show.steps(epochs):
        with torch.no_grad():
            made, shown = painter(torch.randn(500, noise)), real[torch.randperm(len(real))[:500]]
            right = torch.cat([critic(made) < 0, critic(shown) > 0]).float().mean().item()
        varied = (spread(made) / spread(real)).item()
        show.line("verdict", "critic", right)
        show.line("spread", "made", varied)
        curves = F.pad(made[:15].view(-1, *shape).mean(dim=1), (0, 1), value=torch.nan)  # gaps
        show.curve("works", "made", F.pad(x, (0, 1)).repeat(15), curves)
        show.points("cloud", "made", *((made[:300] - middle) @ axes).T)
        for name, some in {"real": shown, "made": made}.items():
            show.image("gallery", name, some[:25].view(-1, *shape), low=0, high=real.max().item())
        for _ in range(STEPS if epoch < epochs else 0):
            for _ in range(critic_steps):
                shown = real[torch.randint(len(real), (BATCH,))]
                made = painter(torch.randn(BATCH, noise)).detach()  # the painter learns later
                loss = mistaken(critic(shown), real=True) + mistaken(critic(made), real=False)
                critics.zero_grad()
                loss.backward()
                critics.step()
            made = painter(torch.randn(BATCH, noise))
            loss = mistaken(critic(made), real=True)  # the painter wants to be taken for real
            painters.zero_grad()
            loss.backward()
            painters.step()
    show.note("collapsed" if varied < 0.5 else "end", right=right, spread=varied)


if __name__ == "__main__":
    play(run)
