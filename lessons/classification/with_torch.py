"""Which kind is it? Regions grow below the points; how sure the network is, and how right."""

import math
from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seelearn.show import Range, Show, play

CLASSES = {"green": [0, 158, 115], "purple": [176, 74, 143], "brown": [140, 109, 49]}
ROWS, COLUMNS = 48, 80  # the pixels of a map; each is 0.08 wide and high
BATCH = 20


def sample(n: int, shape: str, classes: int, noise: float) -> tuple[Tensor, Tensor]:
    y = torch.arange(n) % classes
    along = torch.rand(n)  # the place along a ring or an arm
    radius, turn = {
        "blobs": (torch.ones(n), y / classes),
        "rings": (1.5 * (y + 0.5) / classes, along),
        "spirals": (0.2 + 1.2 * along, y / classes + 0.7 * along),
    }[shape]
    x = torch.view_as_real(torch.polar(radius, 2 * math.pi * turn))  # radius and angle to x₁, x₂
    return x + noise * torch.randn(n, 2), y


def build(hidden: int, width: int, classes: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs in [2, width][:hidden]:
        layers += [nn.Linear(inputs, width), nn.ReLU()]
    layers.append(nn.Linear(width if hidden else 2, classes))  # one score for each class
    return nn.Sequential(*layers)


def paint(probability: Tensor) -> Tensor:
    colours = torch.tensor(list(CLASSES.values()), dtype=torch.float32)
    mixed = probability @ colours[: probability.shape[1]]
    return (255 - 0.5 * (255 - mixed)).byte().view(ROWS, COLUMNS, 3)  # half as strong as the points


def reliability(sure: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    order = sure.argsort()  # ten equal groups, from the least sure answers to the surest
    return sure[order].view(10, -1).mean(dim=1), right[order].view(10, -1).mean(dim=1)


def run(
    show: Show,
    shape: Literal["rings", "spirals", "blobs"] = "rings",
    classes: Annotated[int, Range(2, 3)] = 3,
    noise: Annotated[float, Range(0.05, 1)] = 0.15,
    points: Annotated[int, Range(20, 1000)] = 200,
    width: Annotated[int, Range(1, 64)] = 32,
    lr: Annotated[float, Range(1e-4, 1)] = 0.01,
    epochs: Annotated[int, Range(1, 200)] = 50,
) -> None:
    x, y = sample(points, shape, classes, noise)
    test_x, test_y = sample(600, shape, classes, noise)
    names = list(CLASSES)[:classes]
    down, across = torch.linspace(1.88, -1.88, ROWS), torch.linspace(-3.16, 3.16, COLUMNS)
    pixels = torch.cartesian_prod(down, across).flip(1)  # the middle of each, row by row
    show.curve("reliability", "ideal", [1 / classes, 1], [1 / classes, 1])

    nets, optimizers, accuracy, gap = {}, {}, {}, {}
    for arm, hidden in {"linear": 0, "net": 2}.items():
        for number, name in enumerate(names):
            show.points(arm, name, x[y == number, 0], x[y == number, 1])
        with torch.random.fork_rng():
            nets[arm] = build(hidden, width, classes)
        optimizers[arm] = torch.optim.Adam(nets[arm].parameters(), lr)
    for epoch in show.steps(epochs):
        for arm, net in nets.items():
            with torch.no_grad():
                scores, picture = net(test_x), paint(net(pixels).softmax(dim=1))
            sure, guess = scores.softmax(dim=1).max(dim=1)
            right = (guess == test_y).float()
            accuracy[arm], gap[arm] = right.mean().item(), (sure - right).mean().item()
            counts = torch.bincount(classes * test_y + guess, minlength=classes**2)
            show.image(arm, "guess", picture, x=(-3.2, 3.2), y=(-1.92, 1.92))
            show.line("accuracy", arm, accuracy[arm])
            show.line("loss", arm, F.cross_entropy(scores, test_y).item())
            show.line("gap", arm, gap[arm])
            show.curve("reliability", arm, *reliability(sure, right))
            show.table("confusion", arm, counts.view(classes, classes), names, names)
        show.line("loss", "train", F.cross_entropy(nets["net"](x), y).item())
        if epoch == epochs:
            break
        for rows in torch.randperm(points).split(BATCH):  # the same batches for both
            for arm, net in nets.items():
                loss = F.cross_entropy(net(x[rows]), y[rows])
                optimizers[arm].zero_grad()
                loss.backward()
                optimizers[arm].step()
    show.note("end", linear=accuracy["linear"], net=accuracy["net"])
    show.note("proud" if gap["net"] > 0.03 else "honest", gap=100 * gap["net"])


if __name__ == "__main__":
    play(run)
