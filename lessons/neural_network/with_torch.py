"""What a neural network does: the picture that every neuron has of the plane, while it learns."""

from itertools import pairwise
from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seelearn.show import Range, Show, play

INPUTS = {"plain": ["x", "y"], "product": ["x", "y", "xy"], "squares": ["x", "y", "x²", "y²"],
          "all": ["x", "y", "xy", "x²", "y²", "sin πx", "sin πy"]}  # fmt: skip
EDGES, PIXELS, BATCH = (-1.2, 1.2), 48, 20  # the part of the plane that is drawn
ACTIVATIONS = {"tanh": (nn.Tanh,), "relu": (nn.ReLU,), "sigmoid": (nn.Sigmoid,), "none": ()}


def sample(n: int, shape: str, noise: float) -> tuple[Tensor, Tensor]:
    y = torch.arange(n) % 2 * 2 - 1.0  # 1 is orange, −1 is blue
    a, b = 0.1 + 0.9 * torch.rand(2, n)
    if shape == "xor":  # orange where both coordinates have the same sign
        points = torch.stack([a, y * b], dim=1) * (torch.randint(2, (n, 1)) * 2 - 1)
    elif shape == "clouds":
        points = 0.5 * y.unsqueeze(1) + 0.15 * torch.randn(n, 2)
    else:
        radius, turn = {
            "circle": (torch.where(y > 0, 0.5 * a.sqrt(), 0.7 + 0.3 * a), b / 0.9),
            "spiral": (a, a + y / 4),
        }[shape]
        points = torch.view_as_real(torch.polar(radius, 2 * torch.pi * turn))
    return points + noise * torch.randn(n, 2), y.unsqueeze(1)


def features(points: Tensor, inputs: str) -> Tensor:  # what the network is told: [points, inputs]
    x, y = points.T
    known = {"x": x, "y": y, "xy": x * y, "x²": x**2, "y²": y**2,
             "sin πx": (torch.pi * x).sin(), "sin πy": (torch.pi * y).sin()}  # fmt: skip
    return torch.stack([known[name] for name in INPUTS[inputs]], dim=1)


def build(inputs: str, layers: int, units: int, activation: str) -> nn.Sequential:
    modules: list[nn.Module] = []
    sizes = [len(INPUTS[inputs])] + layers * [units]
    for before, after in pairwise(sizes):
        modules += [nn.Linear(before, after), *(make() for make in ACTIVATIONS[activation])]
    return nn.Sequential(*modules, nn.Linear(sizes[-1], 1))


def show_neurons(show: Show, layer: str, signal: Tensor) -> None:
    most = signal.abs().max().item()
    show.image("neurons", layer, signal.T.view(-1, PIXELS, PIXELS), low=-most, high=most)


def run(
    show: Show,
    shape: Literal["circle", "xor", "spiral", "clouds"] = "circle",
    inputs: Literal["plain", "product", "squares", "all"] = "plain",
    layers: Annotated[int, Range(0, 3)] = 2,
    units: Annotated[int, Range(1, 8)] = 6,
    activation: Literal["tanh", "relu", "sigmoid", "none"] = "tanh",
    noise: Annotated[float, Range(0, 0.5)] = 0.05,
    lr: Annotated[float, Range(1e-3, 0.3)] = 0.02,
    epochs: Annotated[int, Range(1, 200)] = 40,
) -> None:
    (x, y), (test_x, test_y) = sample(200, shape, noise), sample(600, shape, noise)
    for name, which in {"orange": y[:, 0] == 1, "blue": y[:, 0] == -1}.items():
        show.points("output", name, *x[which].T)
    with torch.random.fork_rng():
        net = build(inputs, layers, units, activation)
    optimizer = torch.optim.Adam(net.parameters(), lr)
    side = torch.linspace(*EDGES, PIXELS)
    plane = features(torch.cartesian_prod(side.flip(0), side).flip(1), inputs)  # row by row
    x, test_x = features(x, inputs), features(test_x, inputs)
    show_neurons(show, "inputs", plane)
    stride = 1 + len(ACTIVATIONS[activation])  # modules in a hidden layer
    for epoch in show.steps(epochs):
        with torch.no_grad():
            signal = plane
            for layer in range(layers):
                signal = net[stride * layer : stride * (layer + 1)](signal)
                show_neurons(show, f"layer {layer + 1}", signal)
            answer = net[-1](signal).view(PIXELS, PIXELS)
            show.image("output", "answer", answer.clamp(-1, 1), low=-2, high=2, x=EDGES, y=EDGES)
            numbers = torch.cat([p.view(len(p), -1) for p in list(net.parameters())[:2]], dim=1)
            show.table("weights", "weights", numbers, columns=[*INPUTS[inputs], "bias"])
            prediction = net(test_x)
            right = (prediction.sign() == test_y).float().mean().item()
            show.line("accuracy", "test", right)
            show.line("loss", "test", F.mse_loss(prediction, test_y).item())
            show.line("loss", "train", F.mse_loss(net(x), y).item())
        for rows in torch.randperm(len(x)).split(BATCH) if epoch < epochs else ():
            loss = F.mse_loss(net(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    show.note("end", right=right)


if __name__ == "__main__":
    play(run)
