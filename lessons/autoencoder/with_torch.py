"""Sixty-four pixels pass through two numbers and come back: the network draws a map of digits."""

from typing import Annotated, Literal

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F

from seelearn.show import Range, Show, play

ROWS, COLUMNS = 10, 16  # of the pictures that are decoded all over the plane


class Autoencoder(nn.Module):
    def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        code, *spread = self.encoder(x).split(2, dim=1)
        if not spread:  # a plain one: two numbers, nothing else
            return self.decoder(code), torch.tensor(0.0)
        (log_variance,) = spread  # a variational one: a small cloud around them, in training
        cloud = (log_variance / 2).exp() * torch.randn_like(code) if self.training else 0
        price = (code**2 + log_variance.exp() - log_variance - 1).sum(dim=1).mean() / 2
        return self.decoder(code + cloud), price


def linear() -> Autoencoder:
    return Autoencoder(nn.Linear(64, 2), nn.Linear(2, 64))


def deep(hidden: int, kind: str) -> Autoencoder:
    numbers = 2 if kind == "plain" else 4  # where; and how wide the cloud is, each way
    down = [nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU()]
    up = [nn.Linear(2, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU()]
    return Autoencoder(
        nn.Sequential(*down, nn.Linear(hidden, numbers)),
        nn.Sequential(*up, nn.Linear(hidden, 64), nn.Sigmoid()),  # pixels from 0 to 1
    )


def principal(x: Tensor) -> Autoencoder:  # PCA: a linear autoencoder that needs no training
    mean, net = x.mean(dim=0), linear()
    axes = torch.linalg.svd(x - mean, full_matrices=False).Vh[:2]
    weights = {"encoder.weight": axes, "encoder.bias": -axes @ mean}
    net.load_state_dict({**weights, "decoder.weight": axes.T, "decoder.bias": mean})
    return net


def run(
    show: Show,
    kind: Literal["plain", "variational"] = "plain",
    beta: Annotated[float, Range(0, 0.1)] = 0.001,
    hidden: Annotated[int, Range(2, 128)] = 64,
    lr: Annotated[float, Range(1e-4, 0.1)] = 0.005,
    epochs: Annotated[int, Range(1, 60)] = 30,
) -> None:
    pixels, labels = (torch.tensor(part) for part in load_digits(return_X_y=True))
    order = torch.randperm(len(pixels))
    x, test_x = (pixels / 16).float()[order].split([1000, 797])
    digit = labels[order][1000:]
    ten = torch.stack([test_x[digit == number][0] for number in range(10)])
    nets = {"pca": principal(x), "linear": linear(), "deep": deep(hidden, kind)}
    rates = {"linear": 4 * lr, "deep": lr}  # a linear one can take larger steps
    optimizers = {n: torch.optim.Adam(nets[n].parameters(), rate) for n, rate in rates.items()}
    for epoch in show.steps(epochs):
        with torch.no_grad():
            for name, net in nets.items():
                show.line("error", name, F.mse_loss(net.eval()(test_x)[0], test_x).item())
                pairs = torch.stack([ten, net(ten)[0]], dim=1).view(10, 2, 8, 8)
                show.image("pairs", name, F.pad(pairs, (0, 0, 0, 1)).view(10, 18, 8), low=0, high=1)
            codes = nets["deep"].encoder(test_x)[:, :2]
            low, high = codes.quantile(0.02, dim=0), codes.quantile(0.98, dim=0)
            (left, lower), (right, upper) = low.tolist(), high.tolist()
            down, across = torch.linspace(upper, lower, ROWS), torch.linspace(left, right, COLUMNS)
            decoded = nets["deep"].decoder(torch.cartesian_prod(down, across).flip(1))
            wall = decoded.view(ROWS, COLUMNS, 8, 8).transpose(1, 2).reshape(8 * ROWS, -1)
            show.image("plane", "decoded", wall, low=0, high=2, x=(left, right), y=(lower, upper))
            places = nets["deep"].encoder(ten)[:, :2].clamp(low, high)
            show.points("plane", "ten", places[:, 0], places[:, 1], list("0123456789"))
            for number in (0, 1, 3, 5, 8, 9):
                show.points("codes", str(number), *codes[digit == number].T)
        for rows in torch.randperm(len(x)).split(50) if epoch < epochs else []:
            for name, optimizer in optimizers.items():
                rebuilt, price = nets[name].train()(x[rows])
                loss = F.mse_loss(rebuilt, x[rows]) + beta * price
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    cells = ((codes - low) / (high - low) * torch.tensor([COLUMNS, ROWS])).floor()
    inside = ((codes > low) & (codes < high)).all(dim=1)
    covered = len(cells[inside].unique(dim=0)) / (ROWS * COLUMNS)
    away, near = ((torch.cdist(some, x).amin(dim=1) ** 2).mean() / 64 for some in (decoded, test_x))
    show.note("end", covered=covered, away=away.item(), near=near.item())


if __name__ == "__main__":
    play(run)
