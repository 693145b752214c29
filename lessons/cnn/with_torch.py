"""Small windows slide over a digit: a convolutional network against one of as many parameters."""

from typing import Annotated, Literal

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F

from seelearn.show import Range, Show, play

EDGE = torch.tensor([[-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]])
STAGES = {"input": 0, "conv1": 2, "pool1": 3, "conv2": 5, "pool2": 6}  # after so many layers


def slide(picture: Tensor, window: Tensor) -> Tensor:  # what nn.Conv2d does, written out
    size, side = len(window), len(picture) - len(window) + 1
    found = torch.empty(side, side)
    for row in range(side):
        for column in range(side):
            found[row, column] = (picture[row : row + size, column : column + size] * window).sum()
    return found


def digits() -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    pixels, labels = load_digits(return_X_y=True)
    order = torch.randperm(len(pixels))
    x, y = torch.tensor(pixels / 16).float().view(-1, 1, 8, 8)[order], torch.tensor(labels)[order]
    return (x[:1000], y[:1000]), (x[1000:], y[1000:])


def convolutional(kernel: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 8, kernel, padding=kernel // 2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, kernel, padding=kernel // 2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip


def plain(parameters: int) -> nn.Sequential:
    hidden = round((parameters - 10) / (64 + 1 + 10))  # each unit: 64 weights in, a bias, 10 out
    return nn.Sequential(nn.Flatten(), nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, 10))


def accuracy(net: nn.Module, x: Tensor, y: Tensor, by: int) -> float:
    sides = [F.pad(x, (way, -way)) for way in {-by, by}]  # moved to the left, and to the right
    return torch.cat([net(side).argmax(dim=1) == y for side in sides]).float().mean().item()


def flatten(features: Tensor, before: Tensor) -> Tensor:  # onto the two widest directions
    centred = features - features.mean(dim=0)
    places = centred @ torch.linalg.svd(centred, full_matrices=False).Vh[:2].T / centred.std()
    u, _, vh = torch.linalg.svd(places.T @ before)
    turned: Tensor = places @ u @ vh  # and mirrored, to lie as the map before
    return turned


def run(
    show: Show,
    digit: Annotated[int, Range(0, 9)] = 5,
    jitter: Annotated[int, Range(0, 2)] = 0,
    filters: Literal["learned", "random"] = "learned",
    kernel: Literal["1", "3", "5"] = "3",
    lr: Annotated[float, Range(1e-4, 0.3)] = 0.02,
    epochs: Annotated[int, Range(1, 30)] = 12,
) -> None:
    (x, y), (test_x, test_y) = digits()
    one = test_x[test_y == digit][:1]
    for name, window in {"upright": EDGE, "lying": EDGE.T}.items():
        show.image("edges", name, slide(one[0, 0], window))
    nets = {"cnn": convolutional(int(kernel))}
    nets["mlp"] = plain(sum(p.numel() for p in nets["cnn"].parameters()))
    nets["cnn"][:-1].requires_grad_(filters == "learned")
    optimizers = {name: torch.optim.Adam(net.parameters(), lr) for name, net in nets.items()}
    moved = torch.stack([F.pad(x, (by, -by)) for by in range(-jitter, jitter + 1)])
    right, places = {}, torch.eye(400, 2)
    for epoch in show.steps(epochs):
        with torch.no_grad():
            for name, net in nets.items():
                right[name] = [accuracy(net, test_x, test_y, by) for by in (0, 1, 2)]
                show.line("accuracy", name, right[name][0])
                show.curve("moved", name, [0, 1, 2], right[name])
            places = flatten(nets["cnn"][:-1](test_x[:400]), places)
            for number in (0, 1, 3, 5, 8, 9):  # those that look alike among them
                show.points("map", str(number), *places[test_y[:400] == number].T)
            for name, depth in STAGES.items():
                show.image("maps", name, nets["cnn"][:depth](one)[0])
            show.image("filters", "cnn", next(nets["cnn"].parameters())[:, 0])
        for rows in torch.randperm(len(x)).split(50) if epoch < epochs else []:
            which = torch.randint(len(moved), (len(rows),))  # how far each picture is moved
            for name, net in nets.items():
                loss = F.cross_entropy(net(moved[which, rows]), y[rows])
                optimizers[name].zero_grad()
                loss.backward()
                optimizers[name].step()
    show.note("end", cnn=right["cnn"][0], mlp=right["mlp"][0], moved=right["cnn"][1])


if __name__ == "__main__":
    play(run)
