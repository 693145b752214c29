"""Five optimizers in one narrow valley and on one small net, at one rate and each at its own."""

from typing import Annotated, Literal

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F

from seelearn.show import Range, Show, play

OPTIMIZERS = {
    "sgd": lambda p, lr, momentum: torch.optim.SGD(p, lr),
    "momentum": lambda p, lr, momentum: torch.optim.SGD(p, lr, momentum=momentum),
    "adagrad": lambda p, lr, momentum: torch.optim.Adagrad(p, lr),
    "rmsprop": lambda p, lr, momentum: torch.optim.RMSprop(p, lr),
    "adam": lambda p, lr, momentum: torch.optim.Adam(p, lr, betas=(momentum, 0.999)),
}
OWN = {"sgd": (1.8, 0.3), "momentum": (0.3, 0.1), "adagrad": (1.0, 0.1),
       "rmsprop": (0.03, 0.01), "adam": (0.3, 0.01)}  # in the valley, on the net  # fmt: skip


def narrow_valley(valley: str, condition: float) -> tuple[Tensor, Tensor]:  # curvature and start
    turn = torch.tensor([[1.0, -1.0], [1.0, 1.0]]) / 2**0.5 if valley == "turned" else torch.eye(2)
    curvature = turn @ torch.diag(torch.tensor([1 / condition, 1.0])) @ turn.T
    return curvature, turn @ torch.tensor([-1.6, 0.8])


def walk(p: Tensor, optimizer: torch.optim.Optimizer, curvature: Tensor, moves: int) -> Tensor:
    path = [p.clone()]
    for _ in range(moves):
        p.grad = curvature @ p  # the slope of the valley where we stand
        optimizer.step()
        path.append(p.clone())
    return torch.stack(path)


def digits() -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    images, labels = load_digits(return_X_y=True)
    rows = torch.randperm(len(images))
    x, y = torch.tensor(images / 16).float()[rows], torch.tensor(labels)[rows]
    return (x[:1000], y[:1000]), (x[1000:], y[1000:])


def small_net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))


def learn(net: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor) -> float:
    loss = F.cross_entropy(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def run(
    show: Show,
    rates: Literal["same", "own"] = "same",
    lr: Annotated[float, Range(1e-4, 3)] = 0.01,
    momentum: Annotated[float, Range(0, 0.99)] = 0.9,
    valley: Literal["straight", "turned"] = "straight",
    condition: Annotated[float, Range(1, 300)] = 30.0,
    batch: Annotated[int, Range(4, 1000)] = 32,
    epochs: Annotated[int, Range(1, 30)] = 8,
) -> None:
    curvature, start = narrow_valley(valley, condition)
    side = torch.linspace(-2, 2, 160)
    points = torch.stack(torch.meshgrid(side, side.flip(0), indexing="xy"), -1)  # top row first
    height = ((points @ curvature) * points).sum(-1) / 2
    show.image("valley", "ground", (9 * height.sqrt()).floor(), high=30, x=(-2, 2), y=(-2, 2))
    (x, y), (test_x, test_y) = digits()
    paths, nets, optimizers, last, rising = {}, {}, {}, {}, torch.logspace(-4, 1, 101).tolist()
    for name, make in OPTIMIZERS.items():
        valley_lr, net_lr = OWN[name] if rates == "own" else (lr, lr)
        ball = start.clone()
        paths[name] = walk(ball, make([ball], valley_lr, momentum), curvature, 25 * epochs)
        with torch.random.fork_rng():  # every optimizer starts from the same weights
            nets[name], probe = small_net(), small_net()
        optimizers[name] = make(nets[name].parameters(), net_lr, momentum)
        finder, losses = make(probe.parameters(), 1.0, momentum), []
        for rate in rising:  # one step at each, from far too careful to far too bold
            finder.param_groups[0]["lr"] = rate
            losses.append(min(learn(probe, finder, x, y), 5))
        show.curve("finder", name, rising, losses)
    for epoch in show.steps(epochs):
        for name, net in nets.items():
            show.curve("valley", name, *paths[name][: 25 * epoch + 1].clamp(-2, 2).T)
            with torch.no_grad():
                last[name] = F.cross_entropy(net(test_x), test_y).item()
            show.line("loss", name, last[name])
        if epoch < epochs:
            for rows in torch.randperm(len(x)).split(batch):  # the same batches for all
                for name, net in nets.items():
                    learn(net, optimizers[name], x[rows], y[rows])
    show.note("end", **last)


if __name__ == "__main__":
    play(run)
