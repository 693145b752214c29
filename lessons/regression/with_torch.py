"""A network bends its curve onto noisy points: down to the noise, and no further."""

from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seelearn.show import Range, Show, play

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
BATCH = 20


def truth(x: Tensor) -> Tensor:
    return torch.sin(2 * x) + x / 2


def sample(n: int, noise: float) -> tuple[Tensor, Tensor]:
    x = 6 * torch.rand(n, 1) - 3  # from -3 to 3
    return x, truth(x) + noise * torch.randn(n, 1)


def build(activation: str, width: int, depth: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs in [1] + [width] * (depth - 1):
        layers.append(nn.Linear(inputs, width))
        if activation != "none":
            layers.append(ACTIVATIONS[activation]())
    layers.append(nn.Linear(width, 1))  # the answer may be any number: no activation here
    return nn.Sequential(*layers)


def run(
    show: Show,
    activation: Literal["relu", "tanh", "sigmoid"] = "relu",
    width: Annotated[int, Range(1, 64)] = 32,
    depth: Annotated[int, Range(1, 5)] = 2,
    points: Annotated[int, Range(10, 1000)] = 300,
    noise: Annotated[float, Range(0.05, 1)] = 0.3,
    lr: Annotated[float, Range(1e-4, 1)] = 0.01,
    epochs: Annotated[int, Range(1, 300)] = 60,
) -> None:
    x, y = sample(points, noise)
    test_x, test_y = sample(300, noise)
    floor = F.mse_loss(truth(test_x), test_y).item()  # not even the true curve does better
    grid = torch.linspace(-5, 5, 101).unsqueeze(1)  # also where there are no data
    show.points("fit", "data", x, y)
    show.curve("fit", "truth", grid, truth(grid))

    nets, optimizers, losses = {}, {}, {}
    for name, bend in {"linear": "none", "net": activation}.items():
        with torch.random.fork_rng():  # both start from the same random numbers
            nets[name] = build(bend, width, depth)
        optimizers[name] = torch.optim.Adam(nets[name].parameters(), lr)
    for epoch in show.steps(epochs):
        show.line("loss", "truth", floor)
        for name, net in nets.items():
            with torch.no_grad():
                prediction, curve = net(test_x), net(grid)
            losses[name] = F.mse_loss(prediction, test_y).item()
            show.curve("fit", name, grid, curve)
            show.line("loss", name, losses[name])
            show.points("rest", name, test_x, test_y - prediction)
        training = F.mse_loss(nets["net"](x), y).item()
        show.line("loss", "train", training)
        if epoch == epochs:
            break
        for rows in torch.randperm(points).split(BATCH):  # the same batches for both
            for name, net in nets.items():
                loss = F.mse_loss(net(x[rows]), y[rows])
                optimizers[name].zero_grad()
                loss.backward()
                optimizers[name].step()

    show.note("end", linear=losses["linear"], net=losses["net"], floor=floor)
    true = F.mse_loss(truth(x), y).item()
    if training < true:
        show.note("memorised", train=training, truth=true)
    show.note("near" if losses["net"] < 1.5 * floor else "far", times=losses["net"] / floor)


if __name__ == "__main__":
    play(run)
