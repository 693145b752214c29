"""The oracle: one network at a time, with torch's own optimizers, as a lesson trains it."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seelearn.events import Layer
from seelearn.microscope import watch

Pair = tuple[Tensor, Tensor]


def noisy_line(noise: float = 0.3, n: int = 50) -> tuple[Pair, Pair]:
    def draw(size: int) -> Pair:
        x = torch.linspace(-2, 2, size).unsqueeze(1)
        return x, x**2 + noise * torch.randn(size, 1)

    return draw(n), draw(30)


def plain_loop(
    seed: int,
    build: Callable[[], nn.Module],
    data: Callable[[], tuple[Pair, Pair]],
    optimizer: Callable[[Any], torch.optim.Optimizer],
    epochs: int,
    batch: int,
    loss: Callable[[Tensor, Tensor], Tensor] = F.mse_loss,
) -> tuple[list[float], list[list[Layer]], nn.Module]:
    """Return the test loss and what the microscope sees after every epoch, and the trained network."""
    torch.manual_seed(seed)
    (x, y), (test_x, test_y) = data()
    with torch.random.fork_rng():
        net = build()
    stepper = optimizer(net.parameters())
    losses, looks = [], []
    for epoch in range(epochs + 1):
        net.eval()
        with torch.no_grad(), watch(net) as layers:
            losses.append(loss(net(test_x), test_y).item())
        looks.append(layers)
        net.train()
        if epoch < epochs:
            for rows in torch.randperm(len(x)).split(batch):
                stepper.zero_grad()
                loss(net(x[rows]), y[rows]).backward()
                stepper.step()
    return losses, looks, net
