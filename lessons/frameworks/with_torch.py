"""A small regression in PyTorch: autograd finds the gradients, an optimizer takes the steps."""

from typing import Annotated, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from seelearn.show import Range, Show, play

ARMS = {"float64": torch.float64, "float32": torch.float32, "reversed": torch.float32}
UPDATES = 20  # between two looks
TINY = 1e-9  # smaller differences are drawn as this one


def problem(hidden: int, noise: float) -> list[NDArray[np.float32]]:
    # NumPy draws the points and the first weights, so every framework gets the same.
    x = np.linspace(-1, 1, 80).reshape(80, 1)
    y = np.sin(4 * x) + noise * np.random.randn(80, 1)
    w1, b1 = 2 * np.random.randn(hidden, 1), np.random.randn(hidden)
    w2, b2 = np.random.randn(1, hidden) / hidden**0.5, np.zeros(1)
    return [part.astype(np.float32) for part in (x, y, w1, b1, w2, b2)]


def network(weights: list[NDArray[Any]], dtype: torch.dtype) -> nn.Sequential:
    hidden = len(weights[0])
    net = nn.Sequential(nn.Linear(1, hidden), nn.Tanh(), nn.Linear(hidden, 1)).to(dtype)
    with torch.no_grad():
        for parameter, drawn in zip(net.parameters(), weights, strict=True):
            parameter.copy_(torch.from_numpy(drawn))
    return net


def update(net: nn.Sequential, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor) -> None:
    loss = F.mse_loss(net(x), y)
    optimizer.zero_grad()
    loss.backward()  # the gradient of every weight
    optimizer.step()


def run(
    show: Show,
    lr: Annotated[float, Range(0.001, 1)] = 0.1,
    hidden: Annotated[int, Range(1, 100)] = 12,
    noise: Annotated[float, Range(0, 1)] = 0.1,
    epochs: Annotated[int, Range(1, 200)] = 30,
) -> None:
    points_x, points_y, *weights = problem(hidden, noise)
    show.points("fit", "data", points_x, points_y)
    data, nets, optimizers, loss = {}, {}, {}, {}
    for arm, dtype in ARMS.items():
        x, y = torch.from_numpy(points_x).to(dtype), torch.from_numpy(points_y).to(dtype)
        data[arm] = (x.flip(0), y.flip(0)) if arm == "reversed" else (x, y)
        nets[arm] = network(weights, dtype)
        optimizers[arm] = torch.optim.SGD(nets[arm].parameters(), lr)

    largest = 0.0
    for epoch in show.steps(epochs):
        for arm, net in nets.items():
            x, y = data[arm]
            with torch.no_grad():
                prediction = net(x)
            loss[arm] = F.mse_loss(prediction, y).item()
            show.curve("fit", arm, x, prediction)
            show.line("loss", arm, loss[arm])
        for arm in ("float64", "reversed"):
            apart = abs(loss[arm] - loss["float32"]) / loss["float32"]
            largest = max(largest, apart)
            show.line("apart", arm, max(apart, TINY))
        if epoch < epochs:
            for _ in range(UPDATES):
                for arm, net in nets.items():
                    update(net, optimizers[arm], *data[arm])
    if np.isfinite(loss["float32"]):
        show.note("parted" if largest > 0.01 else "together", largest=largest)
        show.note("digits", single=loss["float32"], double=loss["float64"])
    else:
        show.note("gone")


if __name__ == "__main__":
    play(run)
